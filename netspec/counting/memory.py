"""What training takes, as the plan of one step tells it."""

from __future__ import annotations

from dataclasses import dataclass

from netspec.diagnostics.failure import NetspecError
from netspec.ir.program import Program


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes of one training step: parameters, momenta, activations, gradients, and one thread's scratch.

    Without a plan `peak_bytes` is None and `reason` says why.
    """

    batch: int
    peak_bytes: int | None = None
    target: str | None = None
    reason: str | None = None


def planned(program: Program) -> Memory:
    """The memory of a training step's program."""
    return Memory(program.batch, program.peak_bytes, program.target.name)


def unplanned(batch: int, error: NetspecError) -> Memory:
    """A step that could not be planned: said, not guessed."""
    return Memory(batch, reason="; ".join((f"{error.message} ({error.code})", *error.helps)))
