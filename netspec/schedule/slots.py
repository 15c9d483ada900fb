"""Slots: values that share one range of the arena, and the lifetime of that range.

Values share a slot when one is made from the other in place: a Reshape keeps its input's numbers, an update overwrites
the old array, and an elementwise operation may overwrite an input that is not read again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from netspec.ir import operations as ops
from netspec.ir.graph import Graph, Node, Value

FOREVER = 1 << 62
"""End of a slot that outlives the step."""
OWN_BYTES = 65536
"""Slots up to this size are not shared: reuse would save little and need a barrier."""

Overwrites = Mapping[type[ops.Operation], Mapping[int, tuple[int, ...]]]
"""A promise of a backend's kernels: operations that read an element of an input before they write it. For the index of
an output, the indices of inputs that it may overwrite, best first."""


@dataclass(slots=True)
class Slot:
    """A range of the arena that is live from launch `begin` to launch `end`, both included; -1 is before the first
    launch. `offset_bytes` is -1 until it is placed."""

    begin: int
    end: int
    size_bytes: int
    names: list[str] = field(default_factory=list[str])
    offset_bytes: int = -1


@dataclass(slots=True)
class Slots:
    """`of`: slot by name of value. `scratch`: slot by number of the only launch that uses it. `incoming`: slots used
    only while images are loaded, before the first launch. `all`: all slots."""

    of: dict[str, Slot]
    scratch: dict[int, Slot]
    incoming: tuple[Slot, ...]
    all: list[Slot]


def assign_slots(
    graph: Graph,
    order: tuple[Node, ...],
    sizes: Mapping[str, int],
    scratch_bytes: tuple[int, ...],
    incoming_bytes: tuple[int, ...] = (),
    *,
    overwrites: Overwrites,
    reshapes_move: bool = False,
) -> Slots:
    """Slots of all values of `graph`, run in `order` by kernels that keep `overwrites`; `sizes` are bytes by name of
    value, `scratch_bytes` bytes by number of launch.

    With `reshapes_move` a Reshape's output has a slot of its own, for layouts in which a Reshape moves numbers.
    """
    incoming = tuple(Slot(-1, -1, size_bytes) for size_bytes in incoming_bytes)
    slots = Slots({}, {}, incoming, [*incoming])
    last_use = _last_uses(graph, order, reshapes_move)
    kept = (*(p.value for p in graph.parameters), *(s.value for s in graph.states), *graph.inputs)
    for value in kept:
        _open(slots, value, -1, FOREVER, sizes)
    replaced = {update.new.name: update.old.name for update in graph.updates}
    for i, node in enumerate(order):
        for number, value in enumerate(node.outputs):
            end = last_use.get(value.name, i)
            moved = reshapes_move and isinstance(node.operation, ops.Reshape)
            may_replace = overwrites.get(type(node.operation), {}).get(number, ())
            shared = None if moved else _shared(node, may_replace, value, i, replaced, slots, sizes)
            if shared is None:
                _open(slots, value, i, end, sizes)
            else:
                _join(slots, shared, value, end)
        if scratch_bytes[i]:
            slots.scratch[i] = Slot(i, i, scratch_bytes[i])
            slots.all.append(slots.scratch[i])
    for slot in slots.all:
        if slot.size_bytes <= OWN_BYTES:
            slot.begin, slot.end = -1, FOREVER
    return slots


def _last_uses(graph: Graph, order: tuple[Node, ...], reshapes_move: bool) -> dict[str, int]:
    last: dict[str, int] = {}
    for i, node in enumerate(order):
        last.update({value.name: i for value in node.inputs})
    last.update({value.name: FOREVER for value in graph.outputs})
    last.update({update.new.name: FOREVER for update in graph.updates})
    return last if reshapes_move else _through_reshapes(order, last)


def _through_reshapes(order: tuple[Node, ...], last: dict[str, int]) -> dict[str, int]:
    """`last` with a Reshape's input live as long as its output: they are one array."""
    for node in reversed(order):
        if isinstance(node.operation, ops.Reshape):
            source, result = node.inputs[0].name, node.outputs[0].name
            last[source] = max(last[source], last.get(result, -1))
    return last


def _shared(
    node: Node,
    may_replace: tuple[int, ...],
    value: Value,
    i: int,
    replaced: Mapping[str, str],
    slots: Slots,
    sizes: Mapping[str, int],
) -> Slot | None:
    """The existing slot that output `value` of `node` is written to, None for a new one; `may_replace` are indices of
    inputs. A value of another size has another layout, so it is not overwritten."""
    if value.name in replaced:
        return slots.of[replaced[value.name]]
    if isinstance(node.operation, ops.Reshape):
        return slots.of[node.inputs[0].name]
    for k in may_replace:
        if k >= len(node.inputs) or sizes[node.inputs[k].name] != sizes[value.name]:
            continue
        if slots.of[node.inputs[k].name].end == i:
            return slots.of[node.inputs[k].name]
    return None


def _open(slots: Slots, value: Value, begin: int, end: int, sizes: Mapping[str, int]) -> None:
    slot = Slot(begin, end, sizes[value.name], [value.name])
    slots.of[value.name] = slot
    slots.all.append(slot)


def _join(slots: Slots, slot: Slot, value: Value, end: int) -> None:
    slot.end = max(slot.end, end)
    slot.names.append(value.name)
    slots.of[value.name] = slot
