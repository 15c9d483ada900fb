"""What the driver relies on when it launches a kernel, read in the kernel's PTX: its parameters, its block, the
alignment of its shared memory."""

import re
from collections.abc import Iterator

import pytest

from netspec.compiler import evaluation_program, training_program
from netspec.kernels.cuda.language.unit import Sizes, Unit, unit_of
from netspec.resources import bundled_specs
from netspec.runtime.cuda.binding import bound
from netspec.runtime.cuda.compilation import ArchUnit, compile_ptx
from netspec.schedule.cuda.initial import initial_call
from netspec.targets.cuda.processor import SM_90
from netspec.targets.cuda.program import Buffer, Call, Program
from tests.runtime.cuda.fake_cuda import parameter_bytes
from tests.schedule.nets import bundled

pytest.importorskip("numba_cuda", reason="the extra `cuda` is not installed")

FEW = ("gather_images", "sgd_update", "dropout", "sum_all", "tiled_dense")
"""kernels with parameters of all kinds between them"""
BYTES = {"u64": 8, "b64": 8, "u32": 4, "b32": 4, "f32": 4}
PARAMETER = re.compile(r"^\s*\.param (?:\.align \d+ )?\.(\w+) [^\n\[]*?,?$", re.MULTILINE)
SHARED = re.compile(r"\.shared \.align (\d+) ")
FORMS = pytest.mark.parametrize("constant", [False, True], ids=["all sizes", "constant sizes"])


def calls() -> Iterator[Call[Buffer]]:
    """Calls of the programs of the bundled specs."""
    for spec in sorted(bundled_specs()):
        net = bundled(spec)
        for program in (training_program(net, SM_90), evaluation_program(net, SM_90, 64)):
            assert isinstance(program, Program)
            yield from (*program.incoming.calls, *program.collecting, *program.outgoing)
            yield from (call for launch in program.launches for call in launch.calls)
            drawn = (initial_call(parameter, program) for parameter in program.graph.parameters)
            yield from (call for call in drawn if call is not None)


CALLS = {call.kernel: call for call in calls()}
"""the last call of each kernel"""


def check(call: Call[Buffer], *, constant: bool) -> None:
    unit = unit_of(call, constant=constant)
    text = compile_ptx(ArchUnit(unit, SM_90.name))
    head, body = text.split("{", 1)
    head, directives = head[head.index(".entry") :].split(")", 1)
    found = [BYTES[kind] for kind in PARAMETER.findall(head)]
    words = bound(call, arena=1 << 40, state=1 << 41, images=3, constant=constant).words
    assert found == parameter_bytes(unit)
    assert len(found) == head.count(".param") == len(words)
    assert all(word < 1 << 8 * size for word, size in zip(words, found, strict=True))
    threads, blocks = unit.launch_bounds
    assert f".maxntid {threads}, 1, 1" in directives
    assert f".minnctapersm {blocks}" in directives
    if ".shared.v4" in body:
        assert all(int(alignment) >= 16 for alignment in SHARED.findall(text))


@FORMS
@pytest.mark.parametrize("kernel", FEW)
def test_a_kernel_takes_the_words_that_it_is_launched_with(kernel: str, constant: bool) -> None:
    check(CALLS[kernel], constant=constant)


@pytest.mark.slow
@FORMS
@pytest.mark.parametrize("kernel", sorted(CALLS.keys() - {*FEW}))
def test_every_kernel_takes_the_words_that_it_is_launched_with(kernel: str, constant: bool) -> None:
    check(CALLS[kernel], constant=constant)


def test_few_kernels_have_parameters_of_all_kinds() -> None:
    kinds = {kind if isinstance(kind, str) else type(kind) for kernel in FEW for kind in unit(kernel).kinds}
    assert kinds == {"float32*", "int64*", "int32", "uint32", "float32", Sizes}


def unit(kernel: str) -> Unit:
    return unit_of(CALLS[kernel], constant=True)
