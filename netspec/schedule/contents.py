"""Check of a plan's memory by simulation: each launch's reads, writes, and the values that must survive the step."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from netspec.diagnostics.failure import CompilerBug
from netspec.ir import operations as ops
from netspec.ir.graph import Value
from netspec.ir.program import Buffer, Launch, Program


def check_contents(program: Program, incoming: Sequence[Buffer] = ()) -> None:
    """Simulates the launches in order, with names of values as contents. Raises CompilerBug unless all of this holds:

    - every value is intact when it is read: nothing was written over it since it was made;
    - parameters, states, inputs and outputs are intact after the last launch;
    - updated arrays have the offsets of the old ones;
    - the buffers of `incoming`, memory used while a minibatch is loaded, do not overlap each other or an input.
    """
    arena = _Contents()
    for value in (*program.parameters, *program.states):
        arena.write(program.buffers[value.name])
    for buffer in (*incoming, *(program.buffers[value.name] for value in program.inputs)):
        arena.write(buffer)
    for buffer in incoming:
        require(arena.holds(buffer), f"`{buffer.value.name}` is not whole while images come in")
    for launch in program.launches:
        _play(launch, arena)
    replaced = {update.old.name for update in program.updates}
    for value in _survivors(program):
        if value.name not in replaced:
            require(arena.holds(program.buffers[value.name]), f"`{value.name}` does not survive the step")
    _check_updates(program)


def require(holds: bool, what: str, *names: object) -> None:
    """Raises CompilerBug with `what.format(*names)` unless `holds`. The message is formatted late: a program has tens
    of thousands of buffers."""
    if not holds:
        raise CompilerBug(what.format(*names))


def _play(launch: Launch, arena: _Contents) -> None:
    for buffer in launch.inputs:
        if not arena.holds(buffer):
            raise CompilerBug(f"{_named(launch)} reads `{buffer.value.name}`, which is no longer whole")
    if isinstance(launch.operation, ops.Reshape) and _place(launch.inputs[0]) == _place(launch.outputs[0]):
        arena.rename(launch.inputs[0], launch.outputs[0])
        return
    scratch = () if launch.scratch is None else (launch.scratch,)
    for buffer in scratch:
        arena.write(buffer)
    for buffer in launch.inputs:
        if not arena.holds(buffer):
            raise CompilerBug(f"the scratch of {_named(launch)} lies on `{buffer.value.name}`")
    for buffer in launch.outputs:
        arena.write(buffer)
    for buffer in (*launch.outputs, *scratch):
        if not arena.holds(buffer):
            raise CompilerBug(f"{_named(launch)} writes over its own `{buffer.value.name}`")


def _survivors(program: Program) -> tuple[Value, ...]:
    news = (update.new for update in program.updates)
    return (*program.parameters, *program.states, *program.inputs, *program.outputs, *news)


def _check_updates(program: Program) -> None:
    for update in program.updates:
        old, new = program.buffers[update.old.name], program.buffers[update.new.name]
        require(old.offset_bytes == new.offset_bytes, f"`{new.value.name}` is not where `{old.value.name}` was")


def _named(launch: Launch) -> str:
    return f"{type(launch.operation).__name__} of `{launch.layer}`"


class _Contents:
    """The values that are intact in the arena, and their (begin, end) bytes. Different ranges never overlap."""

    def __init__(self) -> None:
        self._places: dict[str, tuple[int, int]] = {}
        self._begins: list[int] = []
        self._ends: list[int] = []
        """begins and ends of ranges in order, ranges of values that were later written elsewhere included"""
        self._names: dict[tuple[int, int], list[str]] = {}

    def write(self, buffer: Buffer) -> None:
        """Writes a value to its range and drops every other value whose range overlaps."""
        begin, end = place = _place(buffer)
        first, last = bisect_right(self._ends, begin), bisect_left(self._begins, end)
        for spoilt in zip(self._begins[first:last], self._ends[first:last], strict=True):
            for name in self._names.pop(spoilt):
                if self._places.get(name) == spoilt:
                    del self._places[name]
        self._begins[first:last], self._ends[first:last] = (begin,), (end,)
        self._names[place] = [buffer.value.name]
        self._places[buffer.value.name] = place

    def rename(self, source: Buffer, result: Buffer) -> None:
        """Adds a second name to an array."""
        require(_place(source) == _place(result), f"`{result.value.name}` is not where `{source.value.name}` is")
        self._names[_place(result)].append(result.value.name)
        self._places[result.value.name] = _place(result)

    def holds(self, buffer: Buffer) -> bool:
        """Whether the value is intact in its range."""
        return self._places.get(buffer.value.name) == _place(buffer)


def _place(buffer: Buffer) -> tuple[int, int]:
    return buffer.offset_bytes, buffer.offset_bytes + buffer.size_bytes
