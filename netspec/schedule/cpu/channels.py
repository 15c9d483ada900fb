"""The plan of a forward pass whose lanes hold channels: for prediction on fewer images than lanes.

Weights become constants of the program, packed in the layout that kernels read, so no row packs them.
"""

from __future__ import annotations

from dataclasses import replace

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
from netspec.targets.cpu.channels import Sum, as_map, sliding, vectors
from netspec.targets.cpu.processor import CpuTarget
from netspec.targets.cpu.program import Buffer, Constant, Launch, Program


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
    strides = {value.name: _image_stride(value, vector_channels[value], 0) for value in graph.inputs}
    strides |= {node.outputs[0].name: _room(node, plans, vector_channels, target) for node in bare.nodes}
    sizes = {name: FLOAT_BYTES * batch * stride for name, stride in strides.items()}
    sizes |= {state.value.name: FLOAT_BYTES * state.value.elements for state in bare.states}
    scratch = tuple(_scratch_bytes(node, plans, vector_channels, target, batch) for node in graph.nodes)
    slots = assign_slots(bare, bare.nodes, sizes, scratch, overwrites=OVERWRITES, reshapes_move=True)
    arena_bytes = place_slots(slots.all)
    values = (*graph.inputs, *(state.value for state in bare.states), *(node.outputs[0] for node in bare.nodes))
    buffers = {value.name: _buffer(value, slots, sizes, strides, vector_channels) for value in values}
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


def _room(node: Node, plans: dict[Value, Plan], vector_channels: dict[Value, int], target: CpuTarget) -> int:
    """The image stride of a result. Direct sums over windows write whole blocks of vectors."""
    y = node.outputs[0]
    if not isinstance(node.operation, Sum) or sliding(node).depthwise or plans[y].algorithm == "winograd":
        return _image_stride(y, vector_channels[y], 0)
    form = packed_sum(node, plans[y].tile, vector_channels[node.inputs[0]], target.lanes)
    return _image_stride(y, vector_channels[y], form.blocks * form.columns)


def _image_stride(value: Value, vector_channels: int, least_vectors: int) -> int:
    """float32 numbers from one image to the next: whole cache lines, and no multiple of 4096 bytes."""
    channels, height, width = as_map(value.shape)
    count = max(vectors(channels, vector_channels), least_vectors)
    stride_bytes = rounded(count * height * width * vector_channels * FLOAT_BYTES)
    return (stride_bytes + 64 * (stride_bytes % PAGE_BYTES == 0)) // FLOAT_BYTES


def _scratch_bytes(
    node: Node, plans: dict[Value, Plan], vector_channels: dict[Value, int], target: CpuTarget, batch: int
) -> int:
    """Of the copies with zeros that a sum over windows reads, or of Winograd's tiles and their sums."""
    if not isinstance(node.operation, Sum):
        return 0
    plan, shape = plans[node.outputs[0]], sliding(node)
    if plan.algorithm == "winograd":
        return FLOAT_BYTES * batch * packed_winograd(node, plan.tile, target.lanes).scratch_floats
    return FLOAT_BYTES * batch * shape.copy_floats(vector_channels[node.inputs[0]]) if shape.copied else 0


def _thread_bytes(node: Node, plans: dict[Value, Plan], target: CpuTarget) -> int:
    """Of an output tile, or of a pixel's channels with their neighbours on both sides."""
    plan = plans[node.outputs[0]]
    if plan.algorithm == "winograd":
        return FLOAT_BYTES * packed_winograd(node, plan.tile, target.lanes).output_tile_floats
    if not isinstance(node.operation, ops.LocalResponseNorm):
        return 0
    return FLOAT_BYTES * (as_map(node.outputs[0].shape)[0] + node.operation.size + 2 * target.lanes)


def _buffer(
    value: Value, slots: Slots, sizes: dict[str, int], strides: dict[str, int], vector_channels: dict[Value, int]
) -> Buffer:
    slot, size = slots.of[value.name], sizes[value.name]
    if not value.batched:
        return Buffer(value, slot.offset_bytes, size)
    _, height, width = as_map(value.shape)
    own = vector_channels[value]
    return Buffer(value, slot.offset_bytes, size, strides[value.name], height * width * own, own)


def _launch(i: int, node: Node, buffers: dict[str, Buffer], slots: Slots, plans: dict[Value, Plan]) -> Launch:
    slot, scratch = slots.scratch.get(i), None
    if slot is not None:
        value = Value(f"{node.layer}.scratch{i}", (slot.size_bytes // FLOAT_BYTES,), batched=False)
        scratch = Buffer(value, slot.offset_bytes, slot.size_bytes)
    inputs, outputs = (tuple(buffers[value.name] for value in values) for values in (node.inputs, node.outputs))
    plan = plans[node.outputs[0]]
    return Launch(node.operation, inputs, outputs, node.layer, plan.tile, scratch, plan.algorithm)
