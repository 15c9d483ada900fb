"""Run in a process of its own, where Numba's options force a processor: kernels for it beside the oracle, and their
machine code. Prints JSON: the target, the registers that the code names, and the accumulators on the stack."""

import json
import re

from netspec.ir import operations as ops
from netspec.ir.operations import Window
from netspec.kernels.cpu.tile import TileShape
from netspec.runtime.compilation import Unit
from netspec.runtime.host import host_target
from netspec.runtime.launch_table import launch_rows
from netspec.schedule.lower import lower
from tests.kernels.assembly import instructions, spilled
from tests.kernels.test_assembly import object_file
from tests.kernels.test_convolution import Case, check, forward, input_gradient, weight_gradient

REGISTER = re.compile(r"%([xyz]mm)\d")


def report() -> dict[str, object]:
    target = host_target()
    case = Case(Window((3, 3), before=(1, 1), after=(1, 1)), 1, 5, 8, 7, 9, 11, target, 2)
    graphs = (forward(case, ops.Activation("relu"), bias=True), input_gradient(case), weight_gradient(case))
    registers: set[str] = set()
    stack: list[str] = []
    for graph in graphs:
        check(graph, case)
        for row in launch_rows(lower(graph, target, case.images)):
            code = object_file(Unit(row.kernel, TileShape(row.tile.rows, row.tile.columns, target.lanes)))
            registers |= {name for _, text in instructions(code) for name in REGISTER.findall(text)}
            stack += spilled(code)
    return {"target": target.name, "registers": sorted(registers), "stack": stack}


if __name__ == "__main__":
    print(json.dumps(report()))
