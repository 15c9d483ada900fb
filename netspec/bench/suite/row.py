"""What the suite finds: a row for each thing that it judges."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Literal

from netspec.runtime.cuda.device import CudaDevice

Verdict = Literal["passed", "failed", "skipped"]
Figure = float | int | str | None


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that a part judges. `remark` says why it failed or was skipped. `seconds` passed since the row before,
    in the part that is named."""

    name: str
    verdict: Verdict
    remark: str = ""
    figures: Mapping[str, Figure] = field(default_factory=dict[str, Figure])
    part: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Deadline:
    """The time at which a part must end, of `perf_counter`."""

    at: float

    @property
    def seconds(self) -> float:
        """Seconds left, less than zero where it has passed."""
        return self.at - perf_counter()

    @property
    def passed(self) -> bool:
        return self.seconds <= 0


Measure = Callable[[CudaDevice, Deadline], Iterator[Row]]
"""A part: rows as they are found, before the deadline."""
