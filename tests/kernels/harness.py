"""Runs one operation as a program of its own and sets it beside the oracle."""

import os
from collections.abc import Mapping
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import numpy as np

from netspec.bench.suite.case import batched as batched
from netspec.bench.suite.case import graph_of as one_operation  # noqa: F401, re-exported
from netspec.bench.suite.case import single as plain  # noqa: F401
from netspec.compiler import lower
from netspec.ir.augmentation import Augmentation
from netspec.ir.evaluate import apply
from netspec.ir.evaluate_context import Context
from netspec.ir.graph import Graph, Value
from netspec.runtime.machine import Machine
from netspec.targets.target import Target
from tests.kernels.backends import Backend

CACHE_DIR = Path(os.environ.get("NETSPEC_TEST_CACHE", Path(gettempdir()) / "netspec-test-cache"))
"""Compiled kernels are kept from one test run to the next."""

Arrays = Mapping[str, Any]


def target_of(backend: Backend, target: int | Target) -> Target:
    """A target itself, or by its number among those of the backend, counted round and round."""
    return backend.targets[target % len(backend.targets)] if isinstance(target, int) else target


def filled_machine(
    backend: Backend,
    graph: Graph,
    batch: int,
    *,
    target: int | Target = 0,
    threads: int = 1,
    fill: float = float("nan"),
    augmentation: Augmentation | None = None,
) -> Machine:
    """A machine for a graph, all its memory filled with `fill`."""
    machine = backend.machine(lower(graph, target_of(backend, target), batch, augmentation), threads)
    backend.fill(machine, fill)
    return machine


def run_kernel(
    backend: Backend,
    graph: Graph,
    arrays: Arrays,
    *,
    images: int,
    batch: int | None = None,
    target: int | Target = 0,
    threads: int = 1,
    seed: int = 0,
    step: int = 0,
    fill: float = float("nan"),
) -> dict[str, Any]:
    """All outputs of the graph by name, run by kernels: memory filled with `fill`, then `arrays` written by name.

    `images` of a minibatch of up to `batch` are live; batched outputs are (images, *shape).
    """
    machine = filled_machine(backend, graph, batch or images, target=target, threads=threads, fill=fill)
    for name, array in arrays.items():
        machine.write(name, array)
    backend.step(machine, images, step_number=step, seed=seed)
    return {value.name: _live(machine.read(value.name), value, images) for value in graph.outputs}


def _live(array: Any, value: Value, images: int) -> Any:
    return array[:images] if value.batched else array


def expected(graph: Graph, arrays: Arrays, *, seed: int = 0, step: int = 0) -> dict[str, Any]:
    """The same outputs by the oracle, in float64."""
    (node,) = graph.nodes
    inputs = tuple(_wide(arrays[value.name]) for value in node.inputs)
    results = apply(node.operation, inputs, node.outputs, Context(np.float64, seed, step))
    return {value.name: array for value, array in zip(node.outputs, results, strict=True)}


def _wide(array: Any) -> Any:
    array = np.asarray(array)
    return array if array.dtype == np.int32 else array.astype(np.float64)


def random_arrays(graph: Graph, images: int, seed: int = 0) -> dict[str, Any]:
    """Standard normal float32 numbers for every input and state; int32 inputs are zeros."""
    generator = np.random.default_rng(seed)
    arrays: dict[str, Any] = {}
    for value in (*graph.inputs, *(state.value for state in graph.states)):
        shape = (images, *value.shape) if value.batched else value.shape
        is_label = value.dtype == "int32"
        arrays[value.name] = np.zeros(shape, np.int32) if is_label else generator.standard_normal(shape, np.float32)
    return arrays


def agree(backend: Backend, graph: Graph, arrays: Arrays, tolerance: float = 2e-5, **run: Any) -> None:
    """Asserts that kernel and oracle agree within `tolerance` of the largest number of each output."""
    options = {key: run[key] for key in ("seed", "step") if key in run}
    wanted, found = expected(graph, arrays, **options), run_kernel(backend, graph, arrays, **run)
    for name, array in wanted.items():
        scale = max(1.0, float(np.abs(array).max(initial=0.0)))
        np.testing.assert_allclose(found[name], array, rtol=0, atol=tolerance * scale, err_msg=f"`{name}`")
