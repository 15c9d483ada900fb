"""The memory plan of a program in print: what lies where, and from which launch to which."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from netspec.cli.show.printing import counted, say
from netspec.cli.show.tables import Column, show, table
from netspec.counting.document import size_text
from netspec.ir.program import Buffer, Program

COLUMNS: tuple[Column, ...] = (
    ("value", "left"),
    ("shape", "left"),
    ("at", "right"),
    ("bytes", "right"),
    ("launches", "left"),
)

FACTS = ("lanes", "layout", "thread_bytes", "multiprocessors")
"""Facts that programs of some kind of processor have (`Program.facts`), null for the others."""


@dataclass(frozen=True, slots=True)
class Lifetime:
    """A value's place and the launches, counted from one, that write and read it; None for what is kept throughout."""

    buffer: Buffer
    first: int | None
    last: int | None


def lifetimes(program: Program) -> Iterator[Lifetime]:
    """Every value of a program, by place and then by time."""
    used: dict[str, tuple[int, int]] = {}
    for number, launch in enumerate(program.launches, 1):
        for buffer in (*launch.inputs, *launch.outputs):
            first, _ = used.get(buffer.value.name, (number, number))
            used[buffer.value.name] = first, number
    kept = {value.name for value in (*program.inputs, *program.parameters, *program.states, *program.outputs)}
    for buffer in sorted(program.buffers.values(), key=lambda b: (b.offset_bytes, used.get(b.value.name, (0, 0)))):
        name = buffer.value.name
        first, last = (None, None) if name in kept else used.get(name, (None, None))
        yield Lifetime(buffer, first, last)


def show_plan(program: Program) -> None:
    """Prints the plan as a table."""
    say(f"{program.name} on {program.target.name}, batch {program.batch}")
    launches = counted(len(program.launches), "launch", "launches")
    say(f"{launches} over an arena of {program.arena_bytes:,} bytes")
    say(program.description)
    say("launches are counted in the order of `--emit program`; N stands for the images of a batch")
    say()
    show(table(COLUMNS, (_cells(lifetime) for lifetime in lifetimes(program))))


def _cells(lifetime: Lifetime) -> tuple[str, ...]:
    buffer = lifetime.buffer
    when = "all" if lifetime.first is None else f"{lifetime.first} to {lifetime.last}"
    return (
        buffer.value.name,
        ("N x " if buffer.value.batched else "") + size_text(buffer.value.shape),
        f"{buffer.offset_bytes:,}",
        f"{buffer.size_bytes:,}",
        when,
    )


def plan_document(program: Program) -> dict[str, object]:
    """The plan as data; `first` and `last` count launches from one and are null for what is kept throughout."""
    return {
        "name": program.name,
        "target": program.target.name,
        "batch": program.batch,
        "launches": len(program.launches),
        "arena_bytes": program.arena_bytes,
        **dict.fromkeys(FACTS),
        **program.facts,
        "memory_bytes": program.peak_bytes,
        "buffers": [
            {
                "name": lifetime.buffer.value.name,
                "shape": list(lifetime.buffer.value.shape),
                "batched": lifetime.buffer.value.batched,
                "offset_bytes": lifetime.buffer.offset_bytes,
                "size_bytes": lifetime.buffer.size_bytes,
                "first": lifetime.first,
                "last": lifetime.last,
            }
            for lifetime in lifetimes(program)
        ],
    }
