"""Machine code of the kernels that specs need: no spill, no stack, no float64, no division of 64-bit integers."""

from collections.abc import Callable, Iterator
from functools import cache

import pytest
from numba import cuda, float32

from netspec.compiler import evaluation_program, prediction_program, training_program
from netspec.kernels.cuda.language.unit import Sizes, Unit, unit_of
from netspec.kernels.cuda.table import KERNELS
from netspec.resources import bundled_specs
from netspec.targets.cuda.processor import SM_80, SM_90, CudaTarget
from netspec.targets.cuda.program import Buffer, Call, Program
from tests.conftest import Golden
from tests.kernels.cuda.assembly import Code, assemble, assembled, missing_tools, versions
from tests.schedule.cuda.plans import gradient_plan
from tests.schedule.nets import bundled

pytestmark = pytest.mark.skipif(missing_tools() is not None, reason=str(missing_tools()))

WITH_CONSTANTS = ("lenet", "digits", "lecture", "resnet18_cifar")
"""Specs whose kernels are compiled for their sizes too. The table shows each kernel for a layer of the first that has
it."""
WITH_GRADIENTS = "resnet18_cifar"
"""The spec whose outputs are differentiated by the image too."""
COLUMNS = ("registers", "shared", "instructions", "divisions", "vector LDG", "LDS.128", "FFMA of loop")


@cache
def plans(spec: str, target: CudaTarget) -> tuple[Program, ...]:
    """The programs of a spec."""
    net = bundled(spec)
    programs = (
        training_program(net, target),
        evaluation_program(net, target, 128),
        prediction_program(net, target, 1),
        prediction_program(net, target, 128),
    )
    gradients = (gradient_plan(net, target),) if spec == WITH_GRADIENTS else ()
    return tuple(program for program in (*programs, *gradients) if isinstance(program, Program))


def calls(program: Program) -> Iterator[tuple[str, Call[Buffer]]]:
    """Every call, with the name of its layer."""
    for part in (program.incoming.calls, program.collecting, program.outgoing):
        yield from (("-", call) for call in part)
    yield from ((launch.layer, call) for launch in program.launches for call in launch.calls)


def units(specs: tuple[str, ...], target: CudaTarget, *, constant: bool) -> dict[str, Unit]:
    """The units that specs need, by name."""
    made = (program for spec in specs for program in plans(spec, target))
    found = (unit_of(call, constant=constant) for program in made for _, call in calls(program))
    return {unit.name: unit for unit in found}


def faults(code: Code) -> list[str]:
    """What no kernel may have."""
    found = [f"{code.spill_bytes} bytes spilled"] if code.spill_bytes else []
    found += [f"{code.stack_bytes} bytes of stack"] if code.stack_bytes else []
    return [*found, *code.float64, *code.slow]


@pytest.mark.slow
def test_no_kernel_of_a_spec_spills_or_leaves_32_bits_and_the_table_tells_the_size_of_each(
    golden: Golden, request: pytest.FixtureRequest
) -> None:
    """In one test, since the code before the assembler is the same for all targets."""
    for target in (SM_80, SM_90):
        needed = units(tuple(sorted(bundled_specs())), target, constant=False)
        needed |= units(WITH_CONSTANTS, target, constant=True)
        found = assembled(needed.values(), target)
        assert {name: faults(code) for name, code in found.items() if faults(code)} == {}, target.name
    updating = request.config.getoption("--update-golden")
    for target in (SM_80, SM_90):
        path = request.path.parent / "golden" / f"assembly_{target.name}.txt"
        kept = path.read_text(encoding="utf-8").partition("\n")[0] if path.is_file() else versions()
        if kept != versions() and not updating:
            pytest.skip(f"the table is of {kept}, here are {versions()}")
        golden(path, table(target))


def table(target: CudaTarget) -> str:
    """A line for each kernel: its code for all sizes, and its code for the sizes of one layer."""
    general = units(tuple(sorted(bundled_specs())), target, constant=False)
    shown = {_label(unit): unit for unit in general.values()}
    examples: dict[str, tuple[str, Unit]] = {}
    for spec in (*WITH_CONSTANTS, *sorted(bundled_specs())):
        for program in plans(spec, target):
            for layer, call in calls(program):
                label = _label(unit_of(call, constant=False))
                examples.setdefault(label, (f"{spec} {layer}", unit_of(call, constant=True)))
    found = assembled((*shown.values(), *(unit for _, unit in examples.values())), target)
    rows = [("kernel", *COLUMNS, "|", *COLUMNS, "of layer")]
    for label, unit in sorted(shown.items()):
        layer, example = examples[label]
        rows.append((label, *_cells(found[unit.name]), "|", *_cells(found[example.name]), layer))
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "\n".join((versions(), "", *lines)) + "\n"


def _label(unit: Unit) -> str:
    """The kernel, and the sizes that are constant in all its forms."""
    fixed = (kind for kind in unit.kinds if isinstance(kind, Sizes) and kind.values is not None)
    return " ".join((unit.kernel, *(f"{kind.name}({','.join(map(str, kind.values or ()))})" for kind in fixed)))


def _cells(code: Code) -> tuple[str, ...]:
    loop = max(code.loops, key=lambda loop: sum(opcode.startswith("FFMA") for opcode in loop), default=())
    share = f"{sum(opcode.startswith('FFMA') for opcode in loop)} of {len(loop)}"
    shared = code.count("LDS.128")
    numbers = (code.registers, code.shared_bytes, len(code.opcodes), code.divisions, code.vector_loads, shared)
    return *map(str, numbers), share


def halve(y, x, n):
    """Planted: float64, by a literal."""
    i = cuda.threadIdx.x
    if i < n:
        y[i] = x[i] + 0.1


def divide(y, x, n):
    """Planted: a division of 64-bit integers."""
    i = cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x
    y[i] = x[i // n]


def reverse(y, x, n):
    """Planted: more numbers at a time than a thread has registers."""
    kept = cuda.local.array(160, float32)
    for k in range(160):
        kept[k] = x[k * n]
    cuda.syncthreads()
    for k in range(160):
        y[k * n] = kept[k] * kept[159 - k]


def copy(y, x, n):
    """Sound."""
    y[cuda.threadIdx.x] = x[cuda.threadIdx.x]


@pytest.mark.parametrize(
    ("kernel", "fault"),
    [(halve, "DADD"), (divide, "div.s64"), (reverse, "640 bytes of stack"), (copy, "")],
    ids=["float64", "division", "stack", "sound"],
)
def test_a_planted_fault_is_found(kernel: Callable[..., None], fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KERNELS, kernel.__name__, kernel)
    unit = Unit(kernel.__name__, 256, ("float32*", "float32*", "int32"))
    (code,) = assemble([unit], SM_90).values()
    found = " ".join(faults(code))
    assert fault in found if fault else not found
