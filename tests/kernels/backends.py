"""What the conformance suite asks of a backend, and the list of those that it judges."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

import pytest

from netspec.ir.program import Program
from netspec.runtime.device import Device
from netspec.runtime.machine import Machine
from netspec.targets.target import Target
from tests.cuda_native.conftest import missing


class Backend(Protocol):
    """A kind of processor. Programs are planned for one of its targets by `compiler.lower`."""

    @property
    def name(self) -> str: ...

    @property
    def targets(self) -> tuple[Target, ...]:
        """Targets whose programs run on this machine. The first is the usual one; the first two differ most, and
        kernels that take long to compile run for these alone."""
        ...

    def machine(self, program: Program, threads: int = 1) -> Machine:
        """A machine for a program, its kernels in the tests' cache. A backend without threads ignores `threads`."""
        ...

    def fill(self, machine: Machine, value: float) -> None:
        """Writes `value` to all memory in which a program keeps numbers."""
        ...

    def step(self, machine: Machine, images: int, *, step_number: int = 0, seed: int = 0) -> Any:
        """Runs one step on inputs that `Machine.write` has stored for `images` images; returns (1, 2) as `run` does."""
        ...

    def few_kernels(self) -> AbstractContextManager[None]:
        """While it is open, planners use few variants of each kernel: each may take a second to compile."""
        ...

    def device(self, threads: int = 1) -> Device:
        """This machine's device, as `open_device` opens it. A backend without threads ignores `threads`."""
        ...


@dataclass(frozen=True, slots=True)
class Entry:
    """A backend by the name of its folder in `tests/kernels`, whose `backend.py` has it as `BACKEND`. `missing` says
    why this machine cannot run it, or returns None."""

    name: str
    missing: Callable[[], str | None] = lambda: None


BACKENDS = (Entry("cpu"), Entry("cuda", missing))


def opened(entry: Entry) -> Backend:
    """The backend of an entry; skips the test where this machine cannot run it."""
    reason = entry.missing()
    if reason is not None:
        pytest.skip(f"{entry.name}: {reason}")
    return import_module(f"tests.kernels.{entry.name}.backend").BACKEND


@pytest.fixture(scope="session", params=BACKENDS, ids=lambda entry: entry.name)
def backend(request: pytest.FixtureRequest) -> Backend:
    """Each backend in turn."""
    return opened(request.param)
