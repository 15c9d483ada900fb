"""A broken plan does not pass."""

from dataclasses import replace

import pytest

from netspec.diagnostics.failure import CompilerBug
from netspec.ir.augmentation import Augmentation
from netspec.schedule.cpu.lower import lower
from netspec.schedule.cpu.verify import verify_program
from netspec.targets.cpu.processor import AVX512
from netspec.targets.cpu.program import Buffer, Program
from tests.schedule.nets import step_of

SPEC = "net t {\ninput 2x6x6\nconv 3 3x3 relu\nconv 3 3x3\ndense 2\n}\ntrain { sgd rate=0.1 momentum=0.9 }"


@pytest.fixture
def program() -> Program:
    return lower(step_of(SPEC), AVX512, 20)


def moved(program: Program, name: str, **changes: int) -> Program:
    """The program with one buffer changed everywhere."""
    buffer = replace(program.buffers[name], **changes)

    def put(buffers: tuple[Buffer, ...]) -> tuple[Buffer, ...]:
        return tuple(buffer if old.value.name == name else old for old in buffers)

    launches = tuple(
        replace(launch, inputs=put(launch.inputs), outputs=put(launch.outputs)) for launch in program.launches
    )
    return replace(program, buffers={**program.buffers, name: buffer}, launches=launches)


def test_the_untouched_plan_passes(program: Program) -> None:
    verify_program(program)


def test_a_value_placed_on_a_live_one_is_found(program: Program) -> None:
    place = program.buffers["conv1.weight"].offset_bytes
    with pytest.raises(CompilerBug, match=r"no longer whole|does not survive"):
        verify_program(moved(program, "conv2", offset_bytes=place))


def test_a_place_outside_the_arena_is_found(program: Program) -> None:
    with pytest.raises(CompilerBug, match="outside the arena"):
        verify_program(moved(program, "conv2", offset_bytes=program.arena_bytes))


def test_a_place_that_is_not_aligned_is_found(program: Program) -> None:
    place = program.buffers["conv2"].offset_bytes
    with pytest.raises(CompilerBug, match="not aligned"):
        verify_program(moved(program, "conv2", offset_bytes=place + 4))


def test_a_wrong_size_is_found(program: Program) -> None:
    with pytest.raises(CompilerBug, match="wrong size"):
        verify_program(moved(program, "conv2", size_bytes=64))


def test_groups_a_multiple_of_4096_bytes_apart_are_found(program: Program) -> None:
    large = replace(program, arena_bytes=1 << 20)
    with pytest.raises(CompilerBug, match="4096"):
        verify_program(moved(large, "conv2", group_stride=8192, size_bytes=2 * 4 * 8192))


def test_an_update_that_lands_elsewhere_is_found(program: Program) -> None:
    place = program.buffers["conv1.bias"].offset_bytes
    with pytest.raises(CompilerBug, match=r"no longer whole|does not survive|is not where"):
        verify_program(moved(program, "conv2.bias.new", offset_bytes=place))


def test_a_launch_left_out_is_found(program: Program) -> None:
    with pytest.raises(CompilerBug, match="no longer whole"):
        verify_program(replace(program, launches=program.launches[1:]))


def test_the_message_shows_the_listing(program: Program) -> None:
    with pytest.raises(CompilerBug, match="program t: target avx512"):
        verify_program(moved(program, "conv2", offset_bytes=4))


def test_memory_of_incoming_images_that_lies_on_an_input_is_found() -> None:
    program = lower(step_of(SPEC), AVX512, 20, Augmentation(distort=1.0))
    verify_program(program)
    assert program.augmenting is not None
    draws = replace(program.augmenting.draws, offset_bytes=program.buffers["input"].offset_bytes)
    with pytest.raises(CompilerBug, match="not whole while images come in"):
        verify_program(replace(program, augmenting=replace(program.augmenting, draws=draws)))
