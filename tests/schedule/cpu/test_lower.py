"""Whole plans: shapes and places of buffers, how much memory, how fast a large net is planned."""

import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from netspec.diagnostics.failure import SpecError
from netspec.ir import operations as ops
from netspec.schedule.cpu.lower import lower
from netspec.targets.cpu.processor import AVX2, AVX512, NEON, CpuTarget
from netspec.targets.cpu.program import Program
from tests.schedule.nets import bundled, spec_texts, step_graph, step_of

TARGETS = st.sampled_from((AVX512, AVX2, NEON))


def live_bytes(program: Program) -> list[int]:
    """For every launch, the bytes in use while it runs: counted from uses, not from the plan."""
    last: dict[str, int] = {}
    for i, launch in enumerate(program.launches):
        last.update({buffer.value.name: i for buffer in (*launch.inputs, *launch.outputs)})
    kept = {value.name for value in (*program.parameters, *program.states, *program.inputs, *program.outputs)}
    live = {name: program.buffers[name] for name in kept if name in program.buffers}
    totals: list[int] = []
    for i, launch in enumerate(program.launches):
        live.update({buffer.value.name: buffer for buffer in launch.outputs})
        places = {buffer.offset_bytes: buffer.size_bytes for buffer in live.values()}
        totals.append(sum(places.values()) + (launch.scratch.size_bytes if launch.scratch else 0))
        live = {name: buffer for name, buffer in live.items() if name in kept or last.get(name, -1) > i}
    return totals


@given(spec_texts(), TARGETS, st.integers(1, 70))
def test_any_net_is_planned_without_overlap(text: str, target: CpuTarget, batch: int) -> None:
    try:
        graph = step_of(text)
    except SpecError:
        assume(False)
        return
    program = lower(graph, target, batch)  # verifies itself by playing the launches
    used = [(buffer.offset_bytes, buffer.size_bytes) for buffer in program.buffers.values()]
    assert max(offset + size for offset, size in used) <= program.arena_bytes
    assert {value.name for value in graph.outputs} <= program.buffers.keys()


@given(spec_texts(), TARGETS)
def test_updates_overwrite_what_they_replace(text: str, target: CpuTarget) -> None:
    try:
        graph = step_of(text)
    except SpecError:
        assume(False)
        return
    program = lower(graph, target, 16)
    assert program.updates
    for update in program.updates:
        assert program.buffers[update.new.name].offset_bytes == program.buffers[update.old.name].offset_bytes


@pytest.mark.parametrize("name", ["lenet", "resnet50", "vgg16", "mobilenet_v2"])
def test_the_arena_is_little_larger_than_what_is_in_use_at_once(name: str) -> None:
    program = lower(step_graph(bundled(name)), AVX512, 64)
    assert program.arena_bytes <= 1.1 * max(live_bytes(program))


def test_a_large_net_is_planned_in_well_under_a_second() -> None:
    graph = step_graph(bundled("resnet50"))
    begin = time.process_time()
    lower(graph, AVX512, 64)
    assert time.process_time() - begin < 2.0  # 0.3 s on a quiet machine


def test_lane_groups_never_share_the_sets_of_a_cache() -> None:
    graph = step_of("net t {\ninput 4x16x16\nconv 4 3x3 pad=1\ndense 2\n}\ntrain { batch 64 }")
    program = lower(graph, AVX512, 64)
    strides = {buffer.group_stride * 4 for buffer in program.buffers.values() if buffer.value.batched}
    assert all(stride % 64 == 0 and stride % 4096 != 0 for stride in strides)
    assert program.buffers["input"].group_stride * 4 == 4 * 16 * 16 * 16 * 4 + 64


def test_an_elementwise_operation_overwrites_an_input_that_dies() -> None:
    graph = step_of("net t {\ninput 2x8x8\nconv 3 3x3\nrelu\ndense 2\n}")
    program = lower(graph, AVX512, 16)
    gradients = [launch for launch in program.launches if isinstance(launch.operation, ops.ActivationGradient)]
    assert gradients
    for launch in gradients:
        assert launch.outputs[0].offset_bytes == launch.inputs[1].offset_bytes


def test_a_plan_is_a_function_of_graph_target_and_batch() -> None:
    graph = step_graph(bundled("digits"))
    assert lower(graph, AVX2, 48) == lower(graph, AVX2, 48)
