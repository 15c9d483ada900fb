"""Whole plans for a GPU: places of buffers, and how much memory."""

from dataclasses import replace

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from netspec.diagnostics.failure import CompilerBug, SpecError
from netspec.ir import operations as ops
from netspec.ir.graph import Graph, Value
from netspec.resources import bundled_specs
from netspec.schedule.cuda.lower import lower
from netspec.schedule.cuda.verify import verify_program
from netspec.targets.cuda.processor import SM_80, SM_90, SM_100, CudaTarget
from netspec.targets.cuda.program import Buffer, Program
from tests.kernels.draws import unary
from tests.schedule.cuda.plans import plans_of
from tests.schedule.nets import bundled, spec_texts, step_of

TARGETS = st.sampled_from((SM_80, SM_90, SM_100))


def used_bytes(program: Program) -> int:
    """The end of the last buffer, rounded up to 256 bytes."""
    scratch = (launch.scratch for launch in program.launches if launch.scratch is not None)
    used = (*program.buffers.values(), *program.incoming.scratch, *scratch)
    return -(-max(buffer.offset_bytes + buffer.size_bytes for buffer in used) // 256) * 256


@pytest.mark.parametrize("name", bundled_specs())
def test_every_bundled_spec_is_planned_in_just_the_memory_that_it_uses(name: str) -> None:
    plans = plans_of(bundled(name))
    assert len(plans) == 3
    for program in plans:
        verify_program(program)
        assert program.arena_bytes == used_bytes(program)


def drawn(text: str) -> Graph:
    """The training step of a drawn text, if it is a net."""
    try:
        return step_of(text)
    except SpecError:
        reject()


@given(spec_texts(), TARGETS, st.integers(1, 70))
def test_any_net_is_planned_without_overlap(text: str, target: CudaTarget, batch: int) -> None:
    program = lower(drawn(text), target, batch)  # verifies itself by playing the launches
    assert program.arena_bytes == used_bytes(program)


@given(spec_texts(), TARGETS)
def test_updates_overwrite_what_they_replace(text: str, target: CudaTarget) -> None:
    program = lower(drawn(text), target, 16)
    assert program.updates
    for update in program.updates:
        assert program.buffers[update.new.name].offset_bytes == program.buffers[update.old.name].offset_bytes


def test_a_call_on_an_array_of_another_launch_is_a_bug() -> None:
    program = lower(unary(ops.Softmax(), (5,)), SM_90, 8)
    (launch,) = program.launches
    (call,) = launch.calls
    away = Buffer(Value("other", (4,), batched=False), 0, 16)
    broken = replace(launch, calls=(replace(call, arguments=(away, *call.arguments[1:])),))
    with pytest.raises(CompilerBug, match="not of its launch"):
        verify_program(replace(program, launches=(broken,)))
