# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false, reportUnknownParameterType=false
"""PyTorch's training step of a net in several variants, on minibatches that lie on its device."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch

from netspec.bench.serve import BATCHES, made_up_data
from netspec.bench.torch_model import TorchNetwork
from netspec.ir.initialize import initialize
from netspec.ir.recipe import Experiment

RATE = 1e-4
"""Learning rate at which made-up labels let no net diverge."""
WARMING_STEPS = 5
"""Steps before the capture of a graph: momentum and the choice of algorithms come with the first ones."""

Steps = Callable[[int], None]
"""Runs so many steps, and returns when they are done."""


@dataclass(frozen=True, slots=True)
class Variant:
    """A way to run a step. `graph`: the whole step is captured as a CUDA graph."""

    channels_last: bool = False
    benchmark: bool = False
    graph: bool = False
    compiled: bool = False

    @property
    def name(self) -> str:
        """`graph, channels_last, cudnn.benchmark`"""
        told = {
            "channels_last": self.channels_last,
            "cudnn.benchmark": self.benchmark,
            "torch.compile": self.compiled,
        }
        return ", ".join(("graph" if self.graph else "eager", *(name for name, given in told.items() if given)))


VARIANTS = (
    Variant(),
    Variant(benchmark=True),
    Variant(channels_last=True, benchmark=True),
    Variant(graph=True, benchmark=True),
    Variant(graph=True, channels_last=True, benchmark=True),
    Variant(graph=True, benchmark=True, compiled=True),
)
"""The one that may take long to compile is the last."""


def variants(torch_device: str) -> tuple[Variant, ...]:
    """Those that a device has: graphs are CUDA's."""
    return tuple(variant for variant in VARIANTS if torch_device == "cuda" or not variant.graph)


def lacks(torch_device: str) -> str | None:
    """Why PyTorch cannot use a device, None where it can."""
    if torch_device == "cuda" and not torch.cuda.is_available():
        return f"PyTorch {torch.__version__} finds no GPU"
    return None


def steps_of(experiment: Experiment, batch: int, variant: Variant, torch_device: str) -> Steps:
    """Steps of stochastic gradient descent in float32, TF32 off, warm when this returns. Raises whatever PyTorch does
    where it cannot run the variant."""
    _set(variant)
    network, minibatches = _network(experiment, batch, variant, torch_device)
    if variant.graph:
        return _captured(network, *minibatches[0])

    def run(steps: int) -> None:
        _set(variant)
        for k in range(steps):
            network.step(*minibatches[k % BATCHES])
        _wait(torch_device)

    run(WARMING_STEPS)
    return run


def give_back(torch_device: str) -> None:
    """Frees the memory of networks that nothing else refers to, and what torch.compile has kept."""
    torch.compiler.reset()
    gc.collect()  # a network refers to itself by its methods
    if torch_device == "cuda":
        torch.cuda.empty_cache()


def _set(variant: Variant) -> None:
    torch.set_float32_matmul_precision("highest")
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = variant.benchmark


def _wait(torch_device: str) -> None:
    if torch_device == "cuda":
        torch.cuda.synchronize()


def _network(
    experiment: Experiment, batch: int, variant: Variant, torch_device: str
) -> tuple[TorchNetwork, list[tuple[Any, Any]]]:
    graph, train = experiment.graph, experiment.train
    network = TorchNetwork(
        graph,
        dict(initialize(graph, train.seed)),
        train.loss,
        replace(train.sgd, rate=RATE),
        channels_last=variant.channels_last,
        compiled=variant.compiled,
        device=torch_device,
    )
    images, labels = made_up_data(experiment, batch)
    known = torch.from_numpy(labels).long().to(torch_device)
    parts = [slice(k * batch, (k + 1) * batch) for k in range(BATCHES)]
    return network, [(network.images(images[part]), known[part]) for part in parts]


def _captured(network: TorchNetwork, x: Any, y: Any) -> Steps:
    """Replays of a whole step on one minibatch, captured as PyTorch's manual says: after steps on another stream."""
    warming = torch.cuda.Stream()
    warming.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(warming):
        for _ in range(WARMING_STEPS):
            network.step(x, y)
    torch.cuda.current_stream().wait_stream(warming)
    torch.cuda.synchronize()
    network.optimiser.zero_grad(set_to_none=True)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        network.step(x, y)

    def run(steps: int) -> None:
        for _ in range(steps):
            graph.replay()
        torch.cuda.synchronize()

    run(1)
    return run
