"""A program: launches over one memory arena, in order. What every device runs, as far as no device's own facts matter.

A planner's own dataclasses (`targets/cpu/program.py`) satisfy these protocols and say more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from netspec.ir.graph import Update, Value
from netspec.ir.operations import Operation


class Target(Protocol):
    """What a program was planned for."""

    @property
    def name(self) -> str:
        """Of the kind of processor: `avx512`."""
        ...


class Buffer(Protocol):
    """Where a value lies in the arena."""

    @property
    def value(self) -> Value: ...
    @property
    def offset_bytes(self) -> int: ...
    @property
    def size_bytes(self) -> int: ...


class Launch(Protocol):
    """One operation on buffers. `scratch` is memory that only this launch uses."""

    @property
    def operation(self) -> Operation: ...
    @property
    def inputs(self) -> Sequence[Buffer]: ...
    @property
    def outputs(self) -> Sequence[Buffer]: ...
    @property
    def layer(self) -> str: ...
    @property
    def scratch(self) -> Buffer | None: ...
    @property
    def is_packed(self) -> bool:
        """Whether its weights lie in an order of the planner's own, so that their shape says nothing."""
        ...


class Program(Protocol):
    """`buffers` holds every named value's place. Parameters and states keep theirs from step to step; `inputs` are
    written by the caller and `outputs` stay readable until the next step. A call on a feed writes the image, the first
    batched input of floats, the labels and the scalars; other inputs keep what the caller wrote, from step to step."""

    @property
    def name(self) -> str: ...
    @property
    def target(self) -> Target: ...
    @property
    def batch(self) -> int: ...
    @property
    def arena_bytes(self) -> int: ...
    @property
    def peak_bytes(self) -> int:
        """What a run is said to need."""
        ...

    @property
    def launches(self) -> Sequence[Launch]: ...
    @property
    def buffers(self) -> Mapping[str, Buffer]: ...
    @property
    def inputs(self) -> tuple[Value, ...]: ...
    @property
    def parameters(self) -> tuple[Value, ...]: ...
    @property
    def states(self) -> tuple[Value, ...]: ...
    @property
    def outputs(self) -> tuple[Value, ...]: ...
    @property
    def scalars(self) -> tuple[Value, ...]:
        """Inputs that are one number a step, such as the learning rate: the columns of what a call is told of each of
        its steps."""
        ...

    @property
    def updates(self) -> tuple[Update, ...]: ...
    @property
    def description(self) -> str:
        """How it was planned, for people."""
        ...

    @property
    def facts(self) -> Mapping[str, str | int]:
        """What only programs of this kind of target have, by name, as JSON holds it."""
        ...
