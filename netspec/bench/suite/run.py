"""The suite of a GPU: its parts in order, each within its time, whatever becomes of the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from time import perf_counter

from netspec.bench.suite.bits import judge_bits
from netspec.bench.suite.learning import judge_learning
from netspec.bench.suite.operations import judge_operations
from netspec.bench.suite.ratios import judge_ratios
from netspec.bench.suite.row import Deadline, Measure, Row
from netspec.diagnostics.failure import NetspecError
from netspec.runtime.cuda.device import CudaDevice


@dataclass(frozen=True, slots=True)
class Part:
    """A part, and the seconds that it may take; what the parts before have left is added."""

    name: str
    measure: Measure
    seconds: float


PARTS = (
    Part("operations", judge_operations, 120),
    Part("bits", judge_bits, 20),
    Part("learning", judge_learning, 60),
    Part("ratios", judge_ratios, 240),
)
LONGEST_SECONDS = 470.0
"""The suite ends by then, even if a kernel never does."""


def run_suite(device: CudaDevice, parts: Sequence[Part] = PARTS) -> Iterator[Row]:
    """Rows of all parts as they are found. An exception of a part is its last row, and the next part follows."""
    at = perf_counter()
    for part in parts:
        at += part.seconds
        begun = perf_counter()
        for row in _rows(part, device, Deadline(at)):
            now = perf_counter()
            yield replace(row, part=part.name, seconds=now - begun)
            begun = now


def _rows(part: Part, device: CudaDevice, deadline: Deadline) -> Iterator[Row]:
    try:
        yield from part.measure(device, deadline)
    except Exception as failure:  # of any kind: it is the finding
        told = failure.message if isinstance(failure, NetspecError) else str(failure)
        yield Row(part.name, "failed", f"{type(failure).__name__}: {told}")
