"""The plan of a forward pass whose lanes hold channels: for prediction on fewer images than lanes.

Weights become constants of the program, packed in the layout that kernels read, so no row packs them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from netspec.ir import operations as ops
from netspec.ir.graph import Graph, Initial, Node, State, Value
from netspec.ir.memory import FLOAT_BYTES, PAGE_BYTES
from netspec.schedule.arena import place_slots, rounded
from netspec.schedule.cpu.algorithm import Plan
from netspec.schedule.cpu.channel_algorithm import choose_channel_plan
from netspec.schedule.cpu.overwrites import OVERWRITES
from netspec.schedule.cpu.verify import verify_program
from netspec.schedule.slots import Slots, assign_slots
from netspec.targets.cpu.channel_weights import packed_sum
from netspec.targets.cpu.channel_winograd import packed_floats, packed_winograd
from netspec.targets.cpu.channels import NO_MARGINS, Margins, Sum, as_map, sliding, vectors
from netspec.targets.cpu.processor import CpuTarget
from netspec.targets.cpu.program import Buffer, Constant, Launch, Program


class _Form(NamedTuple):
    """The layout of a batched value."""

    value: Value
    vector_channels: int
    margins: Margins

    @property
    def plane_stride(self) -> int:
        """float32 numbers from one vector of channels to the next."""
        rows, columns = self.margins.around(*as_map(self.value.shape)[1:])
        return rows * columns * self.vector_channels

    def image_stride(self, least_vectors: int = 0) -> int:
        """float32 numbers from one image to the next: whole cache lines, and no multiple of 4096 bytes."""
        count = max(vectors(as_map(self.value.shape)[0], self.vector_channels), least_vectors)
        stride_bytes = rounded(count * self.plane_stride * FLOAT_BYTES)
        return (stride_bytes + 64 * (stride_bytes % PAGE_BYTES == 0)) // FLOAT_BYTES


def lower_channels(graph: Graph, target: CpuTarget, batch: int) -> Program:
    """The program that runs a forward pass on up to `batch` images with channels in its lanes; verified."""
    vector_channels = _vector_channels(graph, target)
    plans = {
        node.outputs[0]: choose_channel_plan(node, target, vector_channels[node.inputs[0]]) for node in graph.nodes
    }
    constants = {
        node.outputs[0]: constant
        for node in graph.nodes
        for constant in _constant(node, plans, vector_channels, target)
    }
    bare = _with_constants(graph, constants)
    margins = _margins(graph, plans)
    forms = {value: _Form(value, own, margins[value]) for value, own in vector_channels.items()}
    strides = {value.name: forms[value].image_stride() for value in graph.inputs}
    strides |= {node.outputs[0].name: _room(node, plans, forms, target) for node in bare.nodes}
    sizes = {name: FLOAT_BYTES * batch * stride for name, stride in strides.items()}
    sizes |= {state.value.name: FLOAT_BYTES * state.value.elements for state in bare.states}
    scratch = tuple(_scratch_bytes(node, plans, forms, target, batch) for node in graph.nodes)
    slots = assign_slots(bare, bare.nodes, sizes, scratch, overwrites=OVERWRITES, reshapes_move=True)
    arena_bytes = place_slots(slots.all)
    values = (*graph.inputs, *(state.value for state in bare.states), *(node.outputs[0] for node in bare.nodes))
    buffers = {value.name: _buffer(value, slots, sizes, strides, forms) for value in values}
    program = Program(
        name=graph.name,
        target=target,
        batch=batch,
        arena_bytes=arena_bytes,
        thread_bytes=rounded(max((_thread_bytes(node, plans, target) for node in graph.nodes), default=0)),
        launches=tuple(_launch(i, node, buffers, slots, plans) for i, node in enumerate(bare.nodes)),
        buffers=buffers,
        inputs=graph.inputs,
        parameters=(),
        states=tuple(state.value for state in bare.states),
        outputs=graph.outputs,
        updates=(),
        layout="channels",
        constants=tuple(constants.values()),
    )
    verify_program(program)
    return program


def _vector_channels(graph: Graph, target: CpuTarget) -> dict[Value, int]:
    """Channels a vector of each batched value: one for an image that only sums over windows read, else all lanes."""
    plain = {value for value in graph.inputs if value not in graph.outputs}
    for node in graph.nodes:
        if not isinstance(node.operation, Sum) or sliding(node).depthwise:
            plain.difference_update(node.inputs)
    made = (node.outputs[0] for node in graph.nodes)
    return {value: 1 if value in plain else target.lanes for value in (*graph.inputs, *made)}


def _margins(graph: Graph, plans: dict[Value, Plan]) -> dict[Value, Margins]:
    """The margins of each value: what the windows of its readers reach, where a direct sum makes it and only direct
    sums read it; else none."""
    wanted: dict[Value, Margins | None] = dict.fromkeys((*graph.inputs, *graph.outputs))
    for node in graph.nodes:
        x, y = node.inputs[0], node.outputs[0]
        shape = sliding(node) if isinstance(node.operation, Sum) and plans[y].algorithm != "winograd" else None
        own, others = shape.margins if shape else None, wanted[x]
        wanted[x] = Margins(*map(max, own, others)) if own and others else None
        wanted |= dict.fromkeys(node.inputs[1:])
        wanted.setdefault(y, NO_MARGINS if shape and not shape.depthwise else None)
    return {value: margins or NO_MARGINS for value, margins in wanted.items()}


def _constant(
    node: Node, plans: dict[Value, Plan], vector_channels: dict[Value, int], target: CpuTarget
) -> tuple[Constant, ...]:
    plan, own = plans[node.outputs[0]], vector_channels[node.inputs[0]]
    floats = packed_floats(node, plan.tile, plan.algorithm, own, target.lanes)
    value = Value(f"{node.outputs[0].name}.packed", (floats,), batched=False)
    return (Constant(value, node, plan.tile, plan.algorithm, own),) if floats else ()


def _with_constants(graph: Graph, constants: dict[Value, Constant]) -> Graph:
    """The graph whose nodes read their constants in place of weights."""
    nodes = tuple(
        replace(node, inputs=(node.inputs[0], constants[node.outputs[0]].value))
        if node.outputs[0] in constants
        else node
        for node in graph.nodes
    )
    states = tuple(State(constant.value, Initial("zeros")) for constant in constants.values())
    return replace(graph, nodes=nodes, parameters=(), states=states)


def _room(node: Node, plans: dict[Value, Plan], forms: dict[Value, _Form], target: CpuTarget) -> int:
    """The image stride of a result. Direct sums over windows write whole blocks of vectors."""
    y = node.outputs[0]
    if not isinstance(node.operation, Sum) or sliding(node).depthwise or plans[y].algorithm == "winograd":
        return forms[y].image_stride()
    packed = packed_sum(node, plans[y].tile, forms[node.inputs[0]].vector_channels, target.lanes)
    return forms[y].image_stride(packed.blocks * packed.columns)


def _scratch_bytes(
    node: Node, plans: dict[Value, Plan], forms: dict[Value, _Form], target: CpuTarget, batch: int
) -> int:
    """Of the copies with zeros that a sum over windows reads, or of Winograd's tiles and their sums."""
    if not isinstance(node.operation, Sum):
        return 0
    plan, shape, x = plans[node.outputs[0]], sliding(node), forms[node.inputs[0]]
    if plan.algorithm == "winograd":
        return FLOAT_BYTES * batch * packed_winograd(node, plan.tile, target.lanes).scratch_floats
    return FLOAT_BYTES * batch * shape.copy_floats(x.vector_channels) if shape.copied(x.margins) else 0


def _thread_bytes(node: Node, plans: dict[Value, Plan], target: CpuTarget) -> int:
    """Of an output tile, or of a pixel's channels with their neighbours on both sides."""
    plan = plans[node.outputs[0]]
    if plan.algorithm == "winograd":
        return FLOAT_BYTES * packed_winograd(node, plan.tile, target.lanes).output_tile_floats
    if not isinstance(node.operation, ops.LocalResponseNorm):
        return 0
    return FLOAT_BYTES * (as_map(node.outputs[0].shape)[0] + node.operation.size + 2 * target.lanes)


def _buffer(
    value: Value, slots: Slots, sizes: dict[str, int], strides: dict[str, int], forms: dict[Value, _Form]
) -> Buffer:
    slot, size = slots.of[value.name], sizes[value.name]
    if not value.batched:
        return Buffer(value, slot.offset_bytes, size)
    form, stride = forms[value], strides[value.name]
    return Buffer(value, slot.offset_bytes, size, stride, form.plane_stride, form.vector_channels, form.margins)


def _launch(i: int, node: Node, buffers: dict[str, Buffer], slots: Slots, plans: dict[Value, Plan]) -> Launch:
    slot, scratch = slots.scratch.get(i), None
    if slot is not None:
        value = Value(f"{node.layer}.scratch{i}", (slot.size_bytes // FLOAT_BYTES,), batched=False)
        scratch = Buffer(value, slot.offset_bytes, slot.size_bytes)
    inputs, outputs = (tuple(buffers[value.name] for value in values) for values in (node.inputs, node.outputs))
    plan = plans[node.outputs[0]]
    return Launch(node.operation, inputs, outputs, node.layer, plan.tile, scratch, plan.algorithm)
