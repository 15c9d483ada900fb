"""What may run at the same time, and who does it."""

from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.compiler import training_program
from netspec.ir.initialize import initialize
from netspec.kernels.cpu.language.rows import Row
from netspec.kernels.cpu.sliding.packing import pack
from netspec.kernels.cpu.winograd.weight_gradient import AddParts, add_parts
from netspec.runtime.cpu import launch_table
from netspec.runtime.cpu.launch_table import program_tasks
from netspec.runtime.cpu.machine import CpuMachine
from netspec.runtime.cpu.phases import Place, Step, Task, barriers, phase_numbers, schedule
from netspec.targets.cpu.processor import AVX512
from netspec.targets.cpu.program import Tile
from tests.kernels.harness import CACHE_DIR
from tests.runtime.test_machine import digits_like, rates
from tests.schedule.nets import bundled, step_graph

GROUPS = 4
ADDING = AddParts(partial=0, numbers=0, count=0, total=0)
PLACES = st.tuples(st.integers(0, 12), st.integers(1, 2)).map(lambda p: Place(p[0], p[0] + GROUPS * p[1]))
DIVIDED = st.tuples(st.integers(0, 12), st.integers(1, 2)).map(lambda p: Place(p[0], p[0] + GROUPS * p[1], p[1]))


@st.composite
def tasks(draw: st.DrawFn) -> list[Task]:
    return [draw(st.booleans().flatmap(task)) for _ in range(draw(st.integers(1, 9)))]


def task(per_group: bool) -> st.SearchStrategy[Task]:
    """A task whose places are divided by groups or not where it has a unit for each group, and else are not."""
    places = st.one_of(PLACES, DIVIDED) if per_group else PLACES
    return st.builds(
        lambda units, *rest: Task(Row(add_parts, Tile(1, 1), ADDING, units, per_group), *rest),
        st.integers(1, 9),
        st.lists(places, max_size=3).map(tuple),
        st.lists(places, min_size=1, max_size=2).map(tuple),
        st.floats(0, 5000),
    )


def touched(places: tuple[Place, ...], thread: int, threads: int) -> set[int]:
    """Numbers that a thread touches of some places, where groups are divided."""
    each = GROUPS // threads
    return {
        number
        for place in places
        for number in (
            range(place.begin, place.end)
            if place.group_bytes == 0
            else range(
                place.begin + thread * each * place.group_bytes, place.begin + (thread + 1) * each * place.group_bytes
            )
        )
    }


def disturb(one: Task, other: Task, thread: int, another: int, threads: int) -> bool:
    """Whether one thread's part of a task and another's of another task disturb each other."""
    reads, writes = touched(one.reads, thread, threads), touched(one.writes, thread, threads)
    others_reads, others_writes = touched(other.reads, another, threads), touched(other.writes, another, threads)
    return bool(writes & others_writes or writes & others_reads or reads & others_writes)


def some_disturb(one: Task, other: Task, threads: int) -> bool:
    pairs = ((a, b) for a in range(threads) for b in range(threads) if a != b)
    return any(disturb(one, other, *pair, threads) for pair in pairs)


@given(tasks(), st.sampled_from((1, 2, 4)))
def test_tasks_that_disturb_each_other_keep_their_order(drawn: list[Task], threads: int) -> None:
    numbers = phase_numbers(drawn, by_groups=True)
    for i, k in combinations(range(len(drawn)), 2):
        assert not disturb(drawn[i], drawn[k], 0, 0, 1) or numbers[i] <= numbers[k]
        assert not some_disturb(drawn[i], drawn[k], threads) or numbers[i] < numbers[k]


@given(tasks())
def test_where_groups_are_not_divided_tasks_that_disturb_each_other_never_share_a_phase(drawn: list[Task]) -> None:
    numbers = phase_numbers(drawn, by_groups=False)
    for i, k in combinations(range(len(drawn)), 2):
        assert not disturb(drawn[i], drawn[k], 0, 0, 1) or numbers[i] < numbers[k]


@given(tasks(), st.integers(1, 4), st.integers(1, 5))
def test_every_unit_of_every_task_is_done_by_somebody_once(drawn: list[Task], groups: int, threads: int) -> None:
    steps = schedule(drawn, groups, threads)
    assert sorted(step.task for step in steps) == list(range(len(drawn)))
    for step in steps:
        row = drawn[step.task].row
        assert sum(step.counts) == row.units * (groups if row.per_group else 1)
        assert len(step.counts) == threads


@given(tasks(), st.sampled_from((2, 4)))
def test_the_team_meets_between_tasks_of_several_threads_that_disturb_each_other(
    drawn: list[Task], threads: int
) -> None:
    steps = schedule(drawn, GROUPS, threads)
    assert steps[-1].barrier
    for i, k in combinations(range(len(steps)), 2):
        pair = drawn[steps[i].task], drawn[steps[k].task]
        if some_disturb(*pair, threads) and not any(step.barrier for step in steps[i:k]):
            assert all(step.counts[0] == sum(step.counts) for step in (steps[i], steps[k]))


@given(tasks(), st.sampled_from((2, 4)))
def test_whole_groups_are_divided_evenly_unless_one_thread_does_all(drawn: list[Task], threads: int) -> None:
    for step in schedule(drawn, GROUPS, threads):
        if drawn[step.task].row.per_group and step.counts[0] < sum(step.counts):
            assert len(set(step.counts)) == 1


def test_one_thread_keeps_the_order_and_meets_nobody() -> None:
    found = program_tasks(training_program(bundled("digits"), AVX512, 32))
    steps = schedule(found, 2, 1)
    assert [step.task for step in steps] == list(range(len(found)))
    assert barriers(steps) == 1


def test_threads_that_divide_whole_groups_meet_less_often_than_others_and_those_less_than_there_are_rows() -> None:
    found = program_tasks(training_program(bundled("lecture"), AVX512, 64))
    assert 3 * barriers(schedule(found, 4, 2)) < 2 * barriers(schedule(found, 4, 3)) < 2 * len(found)


def test_all_weights_are_packed_before_the_first_meeting() -> None:
    found = program_tasks(training_program(bundled("lecture"), AVX512, 64))
    steps = schedule(found, 4, 2)
    first = next(number for number, step in enumerate(steps) if step.barrier)
    packing = {number for number, task in enumerate(found) if task.row.kernel is pack}
    assert packing == {step.task for step in steps[: first + 1]}


def weights(monkeypatch: pytest.MonkeyPatch, name: str, disorder: bool) -> dict[str, Any]:
    """Parameters after two steps on one thread; in disorder, phases are run and each of them backwards."""

    def backwards(found: Any, groups: int, threads: int) -> tuple[Step, ...]:
        numbers = phase_numbers(found, by_groups=False)
        order = sorted(range(len(found)), key=lambda k: (numbers[k], -k))
        plain = schedule(found, groups, threads)
        return tuple(replace(plain[k], barrier=k == order[-1]) for k in order)

    net = bundled(name)
    with monkeypatch.context() as patched:
        if disorder:
            patched.setattr(launch_table, "schedule", backwards)
        machine = CpuMachine(training_program(net, AVX512, 32), 1, cache_dir=CACHE_DIR)
        machine.arena[:] = np.nan
        for key, array in initialize(step_graph(net), 1).items():
            machine.write(key, array)
        machine.run(digits_like(net), first=0, step_number=0, rates=rates(2))
    return {value.name: machine.read(value.name) for value in machine.program.parameters}


def test_the_order_within_a_phase_changes_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = weights(monkeypatch, "digits", disorder=False)
    for key, array in weights(monkeypatch, "digits", disorder=True).items():
        np.testing.assert_array_equal(array, wanted[key], err_msg=key)
