"""Planner of the CPU: from a graph to a program with ordered launches, a tile for each, and one arena."""

from __future__ import annotations

from dataclasses import dataclass

from netspec.ir.augmentation import Augmentation
from netspec.ir.graph import Graph, Node, Shape, Value
from netspec.ir.memory import FLOAT_BYTES, PAGE_BYTES
from netspec.ir.pooled import sum_of
from netspec.schedule.arena import place_slots, rounded
from netspec.schedule.cpu.algorithm import Plan, choose_plan
from netspec.schedule.cpu.incoming import augmenting, incoming_values, noise_row_bytes, size_bytes
from netspec.schedule.cpu.overwrites import OVERWRITES
from netspec.schedule.cpu.planes import Plane, padded_planes, plane_stride
from netspec.schedule.cpu.pooled import pool_sums
from netspec.schedule.cpu.scratch import gather_bytes, scratch_bytes, thread_bytes
from netspec.schedule.cpu.verify import verify_program
from netspec.schedule.order import launch_order
from netspec.schedule.slots import Slots, assign_slots
from netspec.targets.cpu.processor import CpuTarget
from netspec.targets.cpu.program import Buffer, Launch, Program


def lower(graph: Graph, target: CpuTarget, batch: int, augmentation: Augmentation | None = None) -> Program:
    """The verified program of `graph` for minibatches of up to `batch` images on `target`; with `augmentation`, images
    are augmented as they are loaded."""
    lane_groups = -(-batch // target.lanes)
    graph = pool_sums(graph, target, lane_groups)
    order = launch_order(graph)
    plans = tuple(choose_plan(sum_of(node), target, lane_groups) for node in order)
    scratch = tuple(scratch_bytes(node, plan, target, batch) for node, plan in zip(order, plans, strict=True))
    values = _values(graph, order)
    padded = padded_planes(graph, target)
    extents = {kind: _extent(kind, target, lane_groups, padded) for kind in {_kind(value) for value in values}}
    sizes = {value.name: extents[_kind(value)].size_bytes for value in values}
    incoming = incoming_values(graph, augmentation, target, lane_groups)
    came_in = tuple(size_bytes(value) for value in incoming)
    slots = assign_slots(graph, order, sizes, scratch, came_in, overwrites=OVERWRITES)
    arena_bytes = place_slots(slots.all)
    buffers = {value.name: _buffer(value, slots, extents[_kind(value)]) for value in values}
    program = Program(
        name=graph.name,
        target=target,
        batch=batch,
        arena_bytes=arena_bytes,
        thread_bytes=max(
            _thread_bytes(graph, order, plans, target, batch), rounded(noise_row_bytes(graph, augmentation, target))
        ),
        launches=_launches(order, plans, buffers, slots),
        buffers=buffers,
        inputs=graph.inputs,
        parameters=tuple(parameter.value for parameter in graph.parameters),
        states=tuple(state.value for state in graph.states),
        outputs=graph.outputs,
        updates=graph.updates,
        augmenting=augmenting(augmentation, incoming, slots.incoming),
    )
    verify_program(program)
    return program


def group_stride(value: Value, plane: int) -> int:
    """Stride of lane groups in float32 elements: whole cache lines, and no multiple of 4096 bytes, with which all
    groups would map to the same few sets of the cache. `plane` is the value's plane stride."""
    if not value.batched:
        return 0
    stride_bytes = rounded((value.shape[0] if value.shape else 1) * plane * FLOAT_BYTES)
    if stride_bytes % PAGE_BYTES == 0:
        stride_bytes = rounded(stride_bytes + 1)
    return stride_bytes // FLOAT_BYTES


Kind = tuple[Shape, bool]
"""Shape of a value, and whether it is batched. Values of a kind have the same layout, and a deep net has few kinds."""


@dataclass(frozen=True, slots=True)
class _Extent:
    """Size of the values of a kind, and strides as in `Buffer`."""

    size_bytes: int
    group_stride: int
    plane_stride: int


def _kind(value: Value) -> Kind:
    return value.shape, value.batched


def _extent(kind: Kind, target: CpuTarget, lane_groups: int, padded: frozenset[Plane]) -> _Extent:
    value = Value("", *kind)
    plane = plane_stride(value, target, padded)
    stride = group_stride(value, plane)
    return _Extent(FLOAT_BYTES * (lane_groups * stride if value.batched else value.elements), stride, plane)


def _buffer(value: Value, slots: Slots, extent: _Extent) -> Buffer:
    offset = slots.of[value.name].offset_bytes
    return Buffer(value, offset, extent.size_bytes, extent.group_stride, extent.plane_stride)


def _values(graph: Graph, order: tuple[Node, ...]) -> tuple[Value, ...]:
    """Every value once: parameters, states, inputs, then outputs of nodes."""
    kept = (*(parameter.value for parameter in graph.parameters), *(state.value for state in graph.states))
    return (*kept, *graph.inputs, *(value for node in order for value in node.outputs))


def _thread_bytes(graph: Graph, nodes: tuple[Node, ...], plans: tuple[Plan, ...], target: CpuTarget, batch: int) -> int:
    needs = (thread_bytes(node, plan, target, batch) for node, plan in zip(nodes, plans, strict=True))
    gathering = (gather_bytes(value, target) for value in graph.inputs)
    return rounded(max((*needs, *gathering), default=0))


def _launches(
    order: tuple[Node, ...], plans: tuple[Plan, ...], buffers: dict[str, Buffer], slots: Slots
) -> tuple[Launch, ...]:
    return tuple(
        Launch(
            node.operation,
            tuple(buffers[value.name] for value in node.inputs),
            tuple(buffers[value.name] for value in node.outputs),
            node.layer,
            plans[i].tile,
            _scratch(node, i, slots),
            plans[i].algorithm,
        )
        for i, node in enumerate(order)
    )


def _scratch(node: Node, i: int, slots: Slots) -> Buffer | None:
    slot = slots.scratch.get(i)
    if slot is None:
        return None
    value = Value(f"{node.layer}.scratch{i}", (slot.size_bytes // FLOAT_BYTES,), batched=False)
    return Buffer(value, slot.offset_bytes, slot.size_bytes)
