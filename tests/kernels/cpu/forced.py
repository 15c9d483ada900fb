"""Run in a process of its own, where Numba's options force a processor: kernels for it and whole training steps beside
the oracle, and their machine code. Prints JSON: the target, the algorithms of the steps, the registers that the code
names, and the accumulators on the stack."""

import json
import re

from netspec.ir import operations as ops
from netspec.ir.operations import Window
from netspec.runtime.cpu.host import host_target
from netspec.schedule.cpu.lower import lower
from netspec.targets.cpu.processor import CpuTarget
from netspec.targets.cpu.program import Program
from tests.kernels.cpu.assembly import instructions, spilled
from tests.kernels.cpu.backend import CPU
from tests.kernels.cpu.test_assembly import object_file, units
from tests.kernels.cpu.test_steps import eager, step_program
from tests.kernels.test_convolution import Case, check, forward, input_gradient, weight_gradient
from tests.kernels.test_steps import steps_agree

REGISTER = re.compile(r"%([xyz]mm)\d")


def convolutions(target: CpuTarget) -> list[Program]:
    """A convolution and its gradients, found to agree with the oracle."""
    case = Case(Window((3, 3), before=(1, 1), after=(1, 1)), 1, 5, 8, 7, 9, 11, target, 2)
    graphs = (forward(case, ops.Activation("relu"), bias=True), input_gradient(case), weight_gradient(case))
    for graph in graphs:
        check(CPU, graph, case)
    return [lower(graph, target, case.images) for graph in graphs]


def steps(target: CpuTarget) -> list[Program]:
    """Steps of a net with nearly every layer, found to agree with the oracle: once as the costs choose, once by
    Winograd's algorithm wherever it can be."""
    targets = (target, eager(target))
    for each in targets:
        steps_agree(CPU, "cross_entropy", each, threads=2)
    return [step_program("cross_entropy", each) for each in targets]


def report() -> dict[str, object]:
    target = host_target()
    stepping = steps(target)
    registers: set[str] = set()
    stack: list[str] = []
    for program in (*convolutions(target), *stepping):
        for unit in units(program).values():
            code = object_file(unit)
            registers |= {name for _, text in instructions(code) for name in REGISTER.findall(text)}
            stack += spilled(code)
    algorithms = {launch.algorithm for program in stepping for launch in program.launches}
    return {
        "target": target.name,
        "algorithms": sorted(filter(None, algorithms)),
        "registers": sorted(registers),
        "stack": stack,
    }


if __name__ == "__main__":
    print(json.dumps(report()))
