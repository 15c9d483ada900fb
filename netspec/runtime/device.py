"""Where programs run, and what a person asks of it. Besides `compiler.py` this alone knows every kind of device."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

from netspec.ir.program import Program
from netspec.runtime.machine import Machine
from netspec.targets.cpu.cost_table import costs_in_run, tuning_document
from netspec.targets.cpu.costs import SHIPPED, Costs
from netspec.targets.target import Target


class Device(Protocol):
    """A processor that runs programs planned for its target."""

    @property
    def target(self) -> Target:
        """What programs are planned for; with the program, all that decides bits."""
        ...

    @property
    def description(self) -> str:
        """For people: `avx512, 2 threads`."""
        ...

    @property
    def planned_by(self) -> DeviceChoice:
        """What of a choice decides bits."""
        ...

    @property
    def readers(self) -> int:
        """How many threads read and decode images ahead while the device computes."""
        ...

    def facts(self) -> Mapping[str, str | int | float | bool]:
        """What of the device decides bits, by name, as JSON holds it."""
        ...

    def machine(self, program: Program) -> Machine:
        """The program, compiled and in memory. Raises DeviceError (E590) where memory does not suffice."""
        ...


@dataclass(frozen=True, slots=True)
class DeviceChoice:
    """What a person asks of a device. `threads`, None for as many as the process may use cores, changes no bit of a
    result. `exact` plans without Winograd's convolution; `costs` are what algorithms are chosen by, None for those that
    the version ships."""

    threads: int | None = None
    exact: bool = False
    costs: Costs | None = None

    @property
    def planned(self) -> bool:
        """Whether anything is asked for that decides bits."""
        return self.exact or self.costs is not None

    def over(self, kept: DeviceChoice) -> DeviceChoice:
        """With what a run keeps wherever this asks for nothing."""
        return DeviceChoice(self.threads or kept.threads, self.exact or kept.exact, self.costs or kept.costs)


USUAL = DeviceChoice()
"""This machine's processor, as the version plans for it."""


def open_device(choice: DeviceChoice = USUAL) -> Device:
    """The device that is asked for, kernels in the user's cache.

    Raises DeviceError (E592, E593, E595, E596) where Numba's settings do not go with netspec.
    """
    return import_module("netspec.runtime.cpu.device").host_device(choice)


def choice_document(choice: DeviceChoice) -> dict[str, Any]:
    """What of a choice decides bits, as a run's record keeps it, under the kind of device."""
    return {"kind": "cpu", "exact": choice.exact, "tuning": tuning_document(choice.costs or SHIPPED)}


def choice_of(document: Mapping[str, Any]) -> DeviceChoice:
    """The choice from its JSON. Raises ValueError, KeyError or TypeError where it is none."""
    if document["kind"] != "cpu":
        raise ValueError(f"a device of kind {document['kind']}, where this version knows cpu")
    tuning = document["tuning"]
    return DeviceChoice(exact=bool(document["exact"]), costs=None if tuning is None else costs_in_run(tuning))
