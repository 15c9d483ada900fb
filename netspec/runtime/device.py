"""Devices that run programs, and the user's choice of one. Only this module and `compiler.py` know every kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal, Protocol

from netspec.diagnostics.failure import DeviceError, UsageError
from netspec.ir.program import Program
from netspec.runtime.machine import Machine
from netspec.targets.cpu.cost_table import costs_in_run, tuning_document
from netspec.targets.cpu.costs import Costs
from netspec.targets.cuda.processor import SM_90, TARGETS
from netspec.targets.target import Target

Kind = Literal["cpu", "cuda"]
"""Kind of a device."""
DeviceName = Literal["cpu", "cuda", "auto"]
"""What a user calls a device; `auto` is a GPU where one can be used, else the CPU."""
Fact = str | int | float | bool | None
"""JSON value of a property of a device."""


class Device(Protocol):
    """A processor that runs programs planned for its target."""

    @property
    def target(self) -> Target:
        """The processor that programs are planned for. Target and program together determine all bits of results."""
        ...

    @property
    def description(self) -> str:
        """Text for users: `avx512, 2 threads`."""
        ...

    @property
    def planned_by(self) -> DeviceChoice:
        """The part of the user's choice that affects bits of results."""
        ...

    @property
    def readers(self) -> int:
        """Number of threads that read and decode images ahead while the device computes."""
        ...

    @property
    def parallel_images(self) -> int:
        """Number of images that a program with lanes of channels holds at once: one for each thread, so that a thread
        works on an image of its own. A GPU's threads share every image: 1."""
        ...

    def facts(self) -> Mapping[str, Fact]:
        """Properties of the device that affect bits of results, by name, as JSON values."""
        ...

    def machine(self, program: Program) -> Machine:
        """The program, compiled and in memory. Raises DeviceError (E590) where memory is too small."""
        ...


@dataclass(frozen=True, slots=True)
class DeviceChoice:
    """The user's choice of a device. `kind` None means the CPU. The other fields are the CPU's own: `threads` changes
    no bit of a result, None means all cores that the process may use. `exact` plans without Winograd's convolution.
    `costs` decide the choice of algorithms, None means the costs that this version ships."""

    threads: int | None = None
    exact: bool = False
    costs: Costs | None = None
    kind: Kind | None = None

    @property
    def planned(self) -> bool:
        """Whether the choice, its kind aside, differs from the default in what affects bits of results."""
        return self.exact or self.costs is not None

    def over(self, kept: DeviceChoice) -> DeviceChoice:
        """This choice, with the choice `kept` in a run as default of each part; of a kept choice of another kind of
        device nothing is taken."""
        if self.kind is not None and self.kind != (kept.kind or "cpu"):
            return self
        return DeviceChoice(
            self.threads or kept.threads, self.exact or kept.exact, self.costs or kept.costs, self.kind or kept.kind
        )


USUAL = DeviceChoice()
"""The default: this machine's processor, all usable cores, shipped costs."""


def open_device(choice: DeviceChoice = USUAL) -> Device:
    """The chosen device, with compiled kernels in the user's cache.

    Raises UsageError (E486) where a GPU is chosen with a field of the CPU's. Raises DeviceError: for the CPU E592,
    E593, E595, E596 where Numba's settings are incompatible with netspec; for a GPU E597 to E599 where its packages,
    the driver or the GPU are missing, or the driver is too old.
    """
    if choice.kind == "cuda":
        _check_fields(choice)
        return import_module("netspec.runtime.cuda.device").cuda_device(choice)
    return import_module("netspec.runtime.cpu.device").host_device(choice)


USED_ON_CPU = 'the run can be used on the CPU: `--device cpu`, `device="cpu"`'
RESUMED_ON_CPU = 'the run can go on on the CPU, to other bits: `--device cpu --force`, `device="cpu", force=True`'


def open_kept(choice: DeviceChoice, kept: DeviceChoice, on_cpu: str = USED_ON_CPU) -> Device:
    """The device that a run's weights are used on: the chosen one, else that of their training. Raises as
    `open_device`; where the GPU of the training cannot be opened, `on_cpu` is a help."""
    try:
        return open_device(choice.over(kept))
    except DeviceError as error:
        if choice.kind is not None or kept.kind != "cuda":
            raise
        raise DeviceError(error.code, error.message, notes=error.notes, helps=(*error.helps, on_cpu)) from None


def open_target(choice: DeviceChoice = USUAL, architecture: str | None = None) -> Target:
    """What programs for the chosen device are planned for. A GPU need not be there: `architecture` names its kind, and
    without it the GPU of this machine counts, else sm_90. Raises as `open_device`, E597 to E599 excepted."""
    if choice.kind != "cuda":
        return open_device(choice).target
    _check_fields(choice)
    if architecture is not None:
        return TARGETS[architecture]
    try:
        return import_module("netspec.runtime.cuda.found").first_gpu().target
    except DeviceError:
        return SM_90


def automatic_kind() -> tuple[Kind, str]:
    """`cuda` where all is there that it needs, else `cpu`, and why."""
    try:
        return "cuda", f"there is a {import_module('netspec.runtime.cuda.found').usable_gpu().name}"
    except DeviceError as error:
        return "cpu", error.message


def kind_of(name: DeviceName | None) -> Kind | None:
    """The kind of the device that is named, if any."""
    return automatic_kind()[0] if name == "auto" else name


def _check_fields(choice: DeviceChoice) -> None:
    given = {"threads": choice.threads is not None, "exact": choice.exact, "tuning": choice.costs is not None}
    names = [f"`{name}`" for name, is_given in given.items() if is_given]
    if names:
        message = f"{names[0]} is an option of the CPU, and the device is cuda"
        raise UsageError("E486", message, helps=('leave it out, or choose the CPU: `--device cpu`, `device="cpu"`',))


def choice_document(choice: DeviceChoice) -> dict[str, Any]:
    """JSON of the part of a choice that affects bits, with the kind of device, as `run.json` keeps it."""
    costs = tuning_document(choice.costs)
    return {"kind": choice.kind or "cpu", "exact": choice.exact, "tuning": costs}


def choice_of(document: Mapping[str, Any]) -> DeviceChoice:
    """The choice from its JSON. Raises ValueError, KeyError or TypeError where the JSON is malformed."""
    if document["kind"] not in ("cpu", "cuda"):
        raise ValueError(f"a device of kind {document['kind']}, where this version knows cpu and cuda")
    costs = costs_in_run(document["tuning"])
    return DeviceChoice(exact=bool(document["exact"]), costs=costs, kind="cuda" if document["kind"] == "cuda" else None)
