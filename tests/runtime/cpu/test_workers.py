"""The team's threads: when they start, when they end, and what may happen in between."""

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from netspec.compiler import training_program
from netspec.diagnostics.failure import DeviceError
from netspec.ir.initialize import initialize
from netspec.runtime.cpu.machine import CpuMachine
from netspec.targets.cpu.processor import AVX512
from tests.kernels.harness import CACHE_DIR
from tests.runtime.test_machine import digits_like
from tests.schedule.nets import bundled, step_graph

NET = bundled("digits")
FEED = digits_like(NET)


def machine(threads: int) -> CpuMachine:
    made = CpuMachine(training_program(NET, AVX512, 32), threads, cache_dir=CACHE_DIR)
    begin_again(made)
    return made


def begin_again(made: CpuMachine) -> None:
    for name, array in initialize(step_graph(NET), 1).items():
        made.write(name, array)


def step(made: CpuMachine, number: int = 0) -> Any:
    """A step, and the weights after it, as one array."""
    made.run(FEED, first=0, step_number=number, rates=np.full((1, 1), 0.05))
    return np.concatenate([made.read(value.name).ravel() for value in made.program.parameters])


def workers() -> int:
    return sum(thread.name.startswith("netspec-") for thread in threading.enumerate())


def wait_until(holds: Any, seconds: float = 20.0) -> bool:
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.01)
    return holds()


@pytest.fixture(scope="module")
def wanted() -> list[Any]:
    alone = machine(1)
    return [step(alone, number) for number in range(2)]


def test_workers_stay_from_call_to_call_and_end_with_the_machine(wanted: list[Any]) -> None:
    gc.collect()
    assert wait_until(lambda: workers() == 0)
    team = machine(3)
    assert workers() == 0
    np.testing.assert_array_equal(step(team, 0), wanted[0])
    np.testing.assert_array_equal(step(team, 1), wanted[1])
    assert workers() == 2
    del team
    gc.collect()
    assert wait_until(lambda: workers() == 0)


def test_sleeping_workers_use_no_time() -> None:
    team = machine(2)
    step(team)
    time.sleep(0.05)
    before = time.process_time()
    time.sleep(0.3)
    assert time.process_time() - before < 0.1


def test_many_more_threads_than_cores_neither_wait_for_ever_nor_differ(wanted: list[Any]) -> None:
    np.testing.assert_array_equal(step(machine(24)), wanted[0])


def test_more_threads_than_cores_cost_little_more_time() -> None:
    alone, crowd = machine(1), machine(8)
    assert seconds_of(crowd, steps=20) < 10 * seconds_of(alone, steps=20) + 0.5


def seconds_of(made: CpuMachine, steps: int) -> float:
    """Processor time of so many steps, all threads together: the best of a few, between collections of garbage."""
    step(made)
    found: list[float] = []
    for _ in range(5):
        before = time.process_time()
        for number in range(steps):
            step(made, number)
        found.append(time.process_time() - before)
    return min(found)


def test_teams_of_two_callers_work_at_the_same_time(wanted: list[Any]) -> None:
    found: list[list[Any]] = [[], []]

    def call(mine: list[Any]) -> None:
        made = machine(2)
        mine.extend(step(made, number) for number in range(2))

    callers = [threading.Thread(target=call, args=(mine,)) for mine in found]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    for mine in found:
        np.testing.assert_array_equal(mine, wanted)


def test_a_machine_can_be_called_from_another_thread_than_before(wanted: list[Any]) -> None:
    team, found = machine(2), [None]
    np.testing.assert_array_equal(step(team, 0), wanted[0])
    caller = threading.Thread(target=lambda: found.__setitem__(0, step(team, 1)))
    caller.start()
    caller.join()
    np.testing.assert_array_equal(found[0], wanted[1])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_gets_workers_of_its_own(wanted: list[Any]) -> None:
    team = machine(2)
    step(team, 0)
    assert holds_in_a_child(lambda: np.array_equal(step(team, 1), wanted[1]))
    np.testing.assert_array_equal(step(team, 1), wanted[1])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_can_make_a_machine_of_its_own(wanted: list[Any]) -> None:
    team = machine(2)
    step(team, 0)
    assert holds_in_a_child(lambda: np.array_equal(step(machine(2), 0), wanted[0]))
    np.testing.assert_array_equal(step(team, 1), wanted[1])


def holds_in_a_child(holds: Callable[[], bool]) -> bool:
    """Whether something holds in a forked child of this process, which it ends within a minute."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            signal.alarm(60)
            status = 0 if holds() else 1
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_after_an_interrupt_the_team_is_as_good_as_new(wanted: list[Any]) -> None:
    team = machine(2)

    def train_for_ever() -> None:
        while True:
            step(team)

    timer = threading.Timer(0.1, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        train_for_ever()
    timer.join()
    begin_again(team)
    np.testing.assert_array_equal(step(team), wanted[0])


def test_a_clock_times_native_code_and_changes_no_bit() -> None:
    plain, timed = machine(2), machine(2)
    timed.team.clock = iter(range(100)).__next__
    for number in range(3):
        np.testing.assert_array_equal(step(plain, number), step(timed, number))
    assert (plain.team.native_seconds, timed.team.native_seconds) == (0, 3)


def test_threads_that_cannot_be_started_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    team, start = machine(3), threading.Thread.start

    def second_fails(thread: threading.Thread) -> None:
        if thread.name == "netspec-2":
            raise RuntimeError("can't start new thread")
        start(thread)

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", second_fails)
        with pytest.raises(DeviceError, match="3 threads") as caught:
            step(team)
    assert caught.value.code == "E591"
    assert wait_until(lambda: workers() == 0)
    step(team)
    assert workers() == 2


@pytest.mark.slow
def test_several_processes_of_pytest_can_train_at_the_same_time() -> None:
    pytest.importorskip("xdist")
    chosen = "test_workers_stay or test_many_more or test_a_forked_child"
    command = [sys.executable, "-m", "pytest", "-n", "2", "-k", chosen, __file__]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout
    assert "4 passed" in done.stdout
