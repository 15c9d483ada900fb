"""How the time to check, to count and to plan grows with the number of layers."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from netspec.compiler import training_program
from netspec.counting.table import count
from netspec.diagnostics.text import Source
from netspec.frontend import check_experiment
from netspec.targets.target import Target

Made = TypeVar("Made")
LAYERS = (1_200, 9_600)
REPEATS = 3
PROMISED_TIMES = 10.0
"""Eight times as many layers take at most so many times as long."""
NETS: dict[str, Callable[[int], str]] = {
    "convolutions": lambda layers: (
        f"net n {{ input 3x16x16; repeat {layers - 2} {{ conv 8 3x3 pad=1 relu }}; dense 10 }}\n"
    ),
    "residual blocks": lambda layers: (
        "block keep(c) { sum { conv c 3x3 pad=1; batchnorm relu; conv c 3x3 pad=1; batchnorm } {}; relu }\n"
        f"net n {{ input 8x16x16; repeat {layers // 6} {{ keep 8 }}; dense 10 }}\n"
    ),
}


@dataclass(frozen=True, slots=True)
class DepthTiming:
    """One stage on one kind of net: the processor's seconds at each number of LAYERS."""

    net: str
    stage: str
    seconds: tuple[float, ...]

    @property
    def times(self) -> float:
        """How much longer the most layers take than the fewest."""
        return self.seconds[-1] / self.seconds[0]


def measure_depth(target: Target, layers: tuple[int, ...] = LAYERS) -> Iterator[DepthTiming]:
    """Each stage on nets of so many layers: `check`, the table of `count`, and the plan that `count` and `compile`
    make, of a training step at the spec's batch."""
    for net, text in NETS.items():
        columns = [_stages(Source("<bench>", text(number)), target) for number in layers]
        for stage in columns[0]:
            yield DepthTiming(net, stage, tuple(column[stage] for column in columns))


def _stages(source: Source, target: Target) -> dict[str, float]:
    experiment, check_seconds = _timed(lambda: check_experiment(source))
    _, count_seconds = _timed(lambda: count(experiment.graph))
    _, plan_seconds = _timed(lambda: training_program(experiment, target))
    return {"check": check_seconds, "count": count_seconds, "compile": plan_seconds}


def _timed(make: Callable[[], Made]) -> tuple[Made, float]:
    """What is made, and the seconds that it takes with no garbage of others around, the best of a few."""
    best = float("inf")
    for _ in range(REPEATS - 1):
        _, seconds = _once(make)
        best = min(best, seconds)
    made, seconds = _once(make)
    return made, min(best, seconds)


def _once(make: Callable[[], Made]) -> tuple[Made, float]:
    gc.collect()
    start = time.process_time()
    made = make()
    return made, time.process_time() - start
