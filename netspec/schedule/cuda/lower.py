"""Planner of GPUs: from a graph to a program with ordered launches, the calls of each, and one arena."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from netspec.ir.augmentation import Augmentation
from netspec.ir.graph import Graph, Node, Value
from netspec.ir.memory import FLOAT_BYTES
from netspec.schedule.arena import place_slots, rounded
from netspec.schedule.cuda.calls.building import Calls, Operand, Planning, Scratch, scratches
from netspec.schedule.cuda.countable import check_countable
from netspec.schedule.cuda.incoming import Arrival, arrival
from netspec.schedule.cuda.outgoing import collecting_calls, outgoing_calls
from netspec.schedule.cuda.overwrites import OVERWRITES
from netspec.schedule.cuda.table import CALLS
from netspec.schedule.cuda.verify import verify_program
from netspec.schedule.order import launch_order
from netspec.schedule.slots import Slot, Slots, assign_slots
from netspec.targets.cuda.processor import CudaTarget
from netspec.targets.cuda.program import Buffer, Call, Incoming, Launch, Program
from netspec.targets.cuda.sizes import Tiling

ALIGNMENT_BYTES = 256


def lower(graph: Graph, target: CudaTarget, batch: int, augmentation: Augmentation | None = None) -> Program:
    """The verified program of `graph` for minibatches of up to `batch` images on `target`; with `augmentation`, images
    are augmented as they are loaded. Raises DeviceError (E586) where an array has more numbers than kernels count."""
    return lower_as(graph, Planning(batch, target), augmentation)


def lower_as(graph: Graph, planning: Planning, augmentation: Augmentation | None = None) -> Program:
    """The same with the planning that is given, which chooses tiles."""
    target, batch = planning.target, planning.batch
    order = launch_order(graph)
    check_countable(graph, order, planning, augmentation)
    calls = tuple(CALLS[type(node.operation)](node, planning) for node in order)
    values = _values(graph, order)
    sizes = {value.name: _size_bytes(value, batch) for value in values}
    scratch = tuple(sum(map(_scratch_bytes, scratches(each))) for each in calls)
    incoming = arrival(graph, augmentation, planning)
    came_in = tuple(map(_scratch_bytes, incoming.scratch))
    slots = assign_slots(graph, order, sizes, scratch, came_in, overwrites=OVERWRITES)
    arena_bytes = place_slots(slots.all, ALIGNMENT_BYTES)
    buffers = {value.name: Buffer(value, slots.of[value.name].offset_bytes, sizes[value.name]) for value in values}
    program = Program(
        name=graph.name,
        graph=graph,
        target=target,
        batch=batch,
        arena_bytes=arena_bytes,
        launches=tuple(_launch(node, calls[i], buffers, slots.scratch.get(i), i) for i, node in enumerate(order)),
        buffers=buffers,
        inputs=graph.inputs,
        parameters=tuple(parameter.value for parameter in graph.parameters),
        states=tuple(state.value for state in graph.states),
        outputs=graph.outputs,
        updates=graph.updates,
        incoming=_incoming(incoming, augmentation, buffers, slots),
        collecting=_placed(collecting_calls(graph, planning), buffers),
        outgoing=_placed(outgoing_calls(graph), buffers),
    )
    verify_program(program)
    return program


def _values(graph: Graph, order: tuple[Node, ...]) -> tuple[Value, ...]:
    """Every value once: parameters, states, inputs, then outputs of nodes."""
    kept = (*(parameter.value for parameter in graph.parameters), *(state.value for state in graph.states))
    return (*kept, *graph.inputs, *(value for node in order for value in node.outputs))


def _size_bytes(value: Value, batch: int) -> int:
    return FLOAT_BYTES * value.elements * (batch if value.batched else 1)


def _scratch_bytes(scratch: Scratch) -> int:
    return rounded(FLOAT_BYTES * scratch.count, ALIGNMENT_BYTES)


def _launch(node: Node, calls: Calls, buffers: Mapping[str, Buffer], slot: Slot | None, number: int) -> Launch:
    known = dict(buffers)
    scratch: Buffer | None = None
    if slot is not None:
        whole = Value(f"{node.layer}.scratch{number}", (slot.size_bytes // FLOAT_BYTES,), batched=False)
        scratch = Buffer(whole, slot.offset_bytes, slot.size_bytes)
        known |= _side_by_side(scratches(calls), slot.offset_bytes)
    return Launch(
        node.operation,
        tuple(buffers[value.name] for value in node.inputs),
        tuple(buffers[value.name] for value in node.outputs),
        node.layer,
        _placed(calls, known),
        scratch,
        "tiled" if any(isinstance(argument, Tiling) for call in calls for argument in call.arguments) else "plain",
    )


def _side_by_side(scratches: Iterable[Scratch], offset_bytes: int) -> dict[str, Buffer]:
    """Buffers of scratch arrays from an offset on."""
    placed: dict[str, Buffer] = {}
    for scratch in scratches:
        value = Value(scratch.name, (scratch.count,), batched=False)
        placed[scratch.name] = Buffer(value, offset_bytes, FLOAT_BYTES * scratch.count)
        offset_bytes += _scratch_bytes(scratch)
    return placed


def _incoming(
    arrival: Arrival, augmentation: Augmentation | None, buffers: Mapping[str, Buffer], slots: Slots
) -> Incoming:
    scratch = tuple(
        Buffer(Value(each.name, (each.count,), batched=False), slot.offset_bytes, FLOAT_BYTES * each.count)
        for each, slot in zip(arrival.scratch, slots.incoming, strict=True)
    )
    known = {**buffers, **{buffer.value.name: buffer for buffer in scratch}}
    return Incoming(_placed(arrival.calls, known), augmentation, scratch)


def _placed(calls: Calls, buffers: Mapping[str, Buffer]) -> tuple[Call[Buffer], ...]:
    """Calls with buffers in place of values and scratch arrays."""
    return tuple(
        Call(
            call.kernel,
            call.blocks,
            call.threads,
            tuple(buffers[argument.name] if isinstance(argument, Operand) else argument for argument in call.arguments),
        )
        for call in calls
    )
