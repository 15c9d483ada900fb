"""Memory for augmenting a minibatch while it is loaded; it is free again before the first launch.

The kernels' row builders check that it suffices, so planner and kernels cannot drift apart.
"""

from __future__ import annotations

from netspec.ir.augmentation import Augmentation, smoothing_weights
from netspec.ir.graph import Graph, Value
from netspec.ir.memory import FLOAT_BYTES
from netspec.schedule.slots import Slot
from netspec.targets.cpu.incoming import DRAW_ROWS
from netspec.targets.cpu.processor import CpuTarget
from netspec.targets.cpu.program import Augmenting, Buffer


def incoming_values(
    graph: Graph, augmentation: Augmentation | None, target: CpuTarget, lane_groups: int
) -> tuple[Value, ...]:
    """Arrays of the augmentation: draws (groups, rows, lanes) and, for distortion, displacements (groups, H, 2W + 1,
    lanes), pairs of (down, right). The odd vector keeps the row stride from being a power of two."""
    if augmentation is None:
        return ()
    draws = Value("augment.draws", (lane_groups, DRAW_ROWS, target.lanes), batched=False)
    if not augmentation.distort:
        return (draws,)
    _, height, width = _image(graph)
    return draws, Value("augment.displacements", (lane_groups, height, 2 * width + 1, target.lanes), batched=False)


def augmenting(
    augmentation: Augmentation | None, values: tuple[Value, ...], slots: tuple[Slot, ...]
) -> Augmenting | None:
    """The program's record of the augmentation, with the buffers of its placed slots."""
    if augmentation is None:
        return None
    buffers = [Buffer(value, slot.offset_bytes, slot.size_bytes) for value, slot in zip(values, slots, strict=True)]
    return Augmenting(augmentation, *buffers)


def size_bytes(value: Value) -> int:
    """Bytes of an unbatched array."""
    return FLOAT_BYTES * value.elements


def noise_row_bytes(graph: Graph, augmentation: Augmentation | None, target: CpuTarget) -> int:
    """Bytes per thread for a row of noise before smoothing: pairs of (down, right), zero-padded on both sides by the
    reach of the smoothing, and one pixel more for an odd width."""
    if augmentation is None or not augmentation.distort:
        return 0
    _, _, width = _image(graph)
    reach = len(smoothing_weights(augmentation.smoothness, width)) - 1
    return FLOAT_BYTES * target.lanes * 2 * (width + 2 * reach + 1)


def _image(graph: Graph) -> tuple[int, int, int]:
    """(channels, height, width) of the net's input; a flat vector is channels of one pixel."""
    shape = next(value.shape for value in graph.inputs if value.batched and value.dtype == "float32")
    channels, height, width = (*shape, 1, 1)[:3]
    return channels, height, width
