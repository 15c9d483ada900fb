"""Losses of the first steps beside PyTorch's, from the same weights, images and recipe; float64 judges both.

Float32 sums round differently in another order, and a window whose two largest values nearly tie sends its gradient
elsewhere, so no two implementations give the same losses for long. How far PyTorch's own float32 runs come away from
its float64 run says how much of a difference means nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np

from netspec.bench.sides import Job, Side, started
from netspec.diagnostics.failure import UsageError
from netspec.ir import operations as ops
from netspec.ir.graph import Graph

STEPS_AT_ONCE = 5
"""steps of a side between two calls of `progress`"""
ALLOWED_TIMES = 3.0
"""netspec may drift this many times as far as PyTorch's float32 runs do,"""
ALLOWED_BEYOND = 1e-4
"""and this much more."""
VARIANTS: Mapping[str, Mapping[str, str]] = {
    "PyTorch, contiguous": {"format": "contiguous"},
    "PyTorch, channels_last": {"format": "channels_last"},
    "PyTorch, float64": {"format": "contiguous", "precision": "float64"},
}
EXACT = "PyTorch, float64"


@dataclass(frozen=True, slots=True)
class Losses:
    """Mean losses of successive steps of each run, netspec's first, the float64 run last."""

    job: Job
    runs: Mapping[str, tuple[float, ...]]

    @property
    def drifts(self) -> Mapping[str, float]:
        """The largest distance of each float32 run from the float64 run, NaN where a loss is."""
        exact = self.runs[EXACT]
        return {
            name: float(np.abs(np.subtract(losses, exact)).max()) for name, losses in self.runs.items() if name != EXACT
        }

    @property
    def allowed(self) -> float:
        """How far netspec's losses may come away from the float64 run."""
        return ALLOWED_BEYOND + ALLOWED_TIMES * max(drift for name, drift in self.drifts.items() if name != "netspec")

    @property
    def agree(self) -> bool:
        """Whether netspec drifts no further than reordered float32 sums explain; NaN agrees with nothing."""
        return self.drifts["netspec"] <= self.allowed


Progress = Callable[[str, int], None]


def compare_losses(job: Job, graph: Graph, steps: int, progress: Progress) -> Losses:
    """Trains every run for `steps` steps. `progress` is called with a run's name and how many steps it has done.

    Raises UsageError (E623) for a net with dropout, and DeviceError (E622) where a side ends early.
    """
    if any(isinstance(node.operation, ops.Dropout) for node in graph.nodes):
        raise UsageError("E623", "losses of a net with `dropout` cannot be compared: each side draws its own masks")
    runs: dict[str, tuple[float, ...]] = {}
    with ExitStack() as stack:
        runs["netspec"] = _run(stack.enter_context(started("netspec", job, {})), {}, steps, "netspec", progress)
    with ExitStack() as stack:
        torch = stack.enter_context(started("torch", job, {}))
        for name, options in VARIANTS.items():
            runs[name] = _run(torch, options, steps, name, progress)
    return Losses(job, runs)


def _run(side: Side, options: Mapping[str, str], steps: int, name: str, progress: Progress) -> tuple[float, ...]:
    losses: list[float] = []
    while len(losses) < steps:
        count = min(STEPS_AT_ONCE, steps - len(losses))
        losses += side.ask(first=len(losses), steps=count, **options)["losses"]
        progress(name, len(losses))
    return tuple(losses)
