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
from netspec.ir.program import Tile
from netspec.ir.target import AVX512
from netspec.kernels.cpu.rows import Row
from netspec.runtime import launch_table
from netspec.runtime.launch_table import program_tasks
from netspec.runtime.machine import Machine
from netspec.runtime.phases import Step, Task, meetings, phase_numbers, schedule
from tests.kernels.harness import CACHE_DIR
from tests.runtime.test_machine import digits_like
from tests.schedule.nets import bundled, step_graph

PLACES = st.tuples(st.integers(0, 12), st.integers(1, 5)).map(lambda place: (place[0], sum(place)))


@st.composite
def tasks(draw: st.DrawFn) -> list[Task]:
    count = draw(st.integers(1, 9))
    return [
        Task(
            Row(None, Tile(1, 1), (), draw(st.integers(1, 9)), draw(st.booleans())),
            tuple(draw(st.lists(PLACES, max_size=3))),
            tuple(draw(st.lists(PLACES, min_size=1, max_size=2))),
            draw(st.floats(0, 5000)),
        )
        for _ in range(count)
    ]


def meet(some: tuple[tuple[int, int], ...], others: tuple[tuple[int, int], ...]) -> bool:
    return any(a < d and c < b for a, b in some for c, d in others)


def disturb(one: Task, other: Task) -> bool:
    return meet(one.writes, other.writes) or meet(one.writes, other.reads) or meet(one.reads, other.writes)


@given(tasks())
def test_tasks_that_disturb_each_other_keep_their_order(drawn: list[Task]) -> None:
    numbers = phase_numbers(drawn)
    for i, k in combinations(range(len(drawn)), 2):
        assert not disturb(drawn[i], drawn[k]) or numbers[i] < numbers[k]


@given(tasks(), st.integers(1, 4), st.integers(1, 5))
def test_every_unit_of_every_task_is_done_by_somebody_once(drawn: list[Task], groups: int, threads: int) -> None:
    steps = schedule(drawn, groups, threads)
    assert sorted(step.task for step in steps) == list(range(len(drawn)))
    for step in steps:
        row = drawn[step.task].row
        assert sum(step.counts) == row.units * (groups if row.per_group else 1)
        assert len(step.counts) == threads


@given(tasks(), st.integers(2, 5))
def test_the_team_meets_between_tasks_of_several_threads_that_disturb_each_other(
    drawn: list[Task], threads: int
) -> None:
    steps = schedule(drawn, 1, threads)
    assert steps[-1].meet
    for i, k in combinations(range(len(steps)), 2):
        if disturb(drawn[steps[i].task], drawn[steps[k].task]) and not any(step.meet for step in steps[i:k]):
            alone = [step.counts[0] == sum(step.counts) for step in (steps[i], steps[k])]
            assert all(alone)


def test_one_thread_keeps_the_order_and_meets_nobody() -> None:
    found = program_tasks(training_program(bundled("digits"), AVX512, 32))
    steps = schedule(found, 2, 1)
    assert [step.task for step in steps] == list(range(len(found)))
    assert meetings(steps) == 1


def test_two_threads_meet_less_often_than_there_are_rows() -> None:
    found = program_tasks(training_program(bundled("digits"), AVX512, 64))
    assert meetings(schedule(found, 4, 2)) < 0.85 * len(found)


def weights(monkeypatch: pytest.MonkeyPatch, name: str, disorder: bool) -> dict[str, Any]:
    """Parameters after two steps on one thread; in disorder, phases are run and each of them backwards."""

    def backwards(found: Any, groups: int, threads: int) -> tuple[Step, ...]:
        numbers = phase_numbers(found)
        order = sorted(range(len(found)), key=lambda k: (numbers[k], -k))
        plain = schedule(found, groups, threads)
        return tuple(replace(plain[k], meet=k == order[-1]) for k in order)

    net = bundled(name)
    with monkeypatch.context() as patched:
        if disorder:
            patched.setattr(launch_table, "schedule", backwards)
        machine = Machine(training_program(net, AVX512, 32), 1, cache_dir=CACHE_DIR)
        machine.arena[:] = np.nan
        for key, array in initialize(step_graph(net), 1).items():
            machine.write(key, array)
        machine.run(digits_like(net), first=0, steps=2, step_number=0, rate=0.05)
    return {value.name: machine.read(value.name) for value in machine.program.parameters}


def test_the_order_within_a_phase_changes_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = weights(monkeypatch, "digits", disorder=False)
    for key, array in weights(monkeypatch, "digits", disorder=True).items():
        np.testing.assert_array_equal(array, wanted[key], err_msg=key)
