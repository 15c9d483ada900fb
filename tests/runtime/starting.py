"""Run in a process of its own, which has no machine code yet: starts trainings, and prints as JSON what it had to
compile for each of them. Takes the folder of the cache, the name of a target, images a step, and texts or names of
specs."""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from netspec.compiler import training_program
from netspec.resources import bundled_specs
from netspec.runtime import obtain
from netspec.runtime.cache import Code
from netspec.runtime.compile_server import Compiler
from netspec.runtime.compile_workers import compile_units
from netspec.runtime.cpu.compilation import Unit
from netspec.runtime.cpu.machine import CpuMachine
from netspec.targets.cpu.processor import TARGETS, CpuTarget
from tests.schedule.nets import bundled, experiment, step_graph


def compiled(spec: str, target: CpuTarget, batch: int, cache_dir: Path) -> list[str]:
    """The functions that had to be compiled before a first step could be taken."""
    asked: list[str] = []

    def watched(units: Sequence[Unit], compiler: Compiler[Unit]) -> Iterator[tuple[Unit, Code]]:
        asked.extend(unit.name for unit in units)
        return compile_units(units, compiler)

    obtain.compile_units = watched
    net = bundled(spec) if spec in bundled_specs() else experiment(spec)
    graph = step_graph(net)
    machine = CpuMachine(training_program(net, target, batch), cache_dir=cache_dir)
    machine.initialize((*graph.parameters, *graph.states), seed=1)
    return sorted(asked)


if __name__ == "__main__":
    folder, target, batch, *specs = sys.argv[1:]
    print(json.dumps([compiled(spec, TARGETS[target], int(batch), Path(folder)) for spec in specs]))
