"""Every exception that netspec raises on purpose, with the exit status it leads to."""

from __future__ import annotations

from typing import ClassVar

from netspec.diagnostics.cells import shown
from netspec.diagnostics.message import Diagnostic
from netspec.diagnostics.render import render


class NetspecError(Exception):
    """Something that a person can mend. `code` is looked up by `netspec explain`."""

    exit_status: ClassVar[int] = 2

    def __init__(self, code: str, message: str, *, notes: tuple[str, ...] = (), helps: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.code, self.message, self.notes, self.helps = code, message, notes, helps

    def __str__(self) -> str:
        """The message with its notes and helps, as the command line shows them."""
        remarks = (*(f"note: {note}" for note in self.notes), *(f"help: {text}" for text in self.helps))
        return "\n".join((shown(self.message), *(f"  = {shown(remark)}" for remark in remarks)))


class SpecError(NetspecError):
    """A spec with errors; `diagnostics` holds all of them, located."""

    exit_status = 1

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        first = diagnostics[0]
        place = f"{first.primary.span.source.name}:{first.primary.span.line}:{first.primary.span.column}"
        super().__init__(first.code, f"{place}: {first.message}")
        self.diagnostics = diagnostics

    def __str__(self) -> str:
        """All diagnostics as the command line shows them, with their places, notes and helps."""
        return render(self.diagnostics, colour=False).rstrip("\n")


class UsageError(NetspecError):
    """An option or an argument that does not fit (exit status 2)."""

    exit_status = 2


class DataError(NetspecError):
    """Data, weights or another file that is missing, broken or does not fit (exit status 3)."""

    exit_status = 3


class DeviceError(NetspecError):
    """A limit of the machine (exit status 3)."""

    exit_status = 3


class DivergedError(NetspecError):
    """Training stopped because the loss is no longer a number (exit status 4)."""

    exit_status = 4


class CompilerBug(Exception):  # noqa: N818 - it is a bug, and named as one
    """A mistake of netspec's own (exit status 70): a verifier found a form that a stage must not produce."""

    exit_status: ClassVar[int] = 70
