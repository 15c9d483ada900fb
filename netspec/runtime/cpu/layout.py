"""Conversion between plain arrays (N, *shape) and the arena: lane groups [group][shape...][lanes], or channel lanes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from netspec.ir.memory import FLOAT_BYTES
from netspec.targets.cpu.channels import as_map, vectors
from netspec.targets.cpu.program import Buffer

Array = NDArray[Any]


def view(arena: Array, buffer: Buffer, lanes: int) -> Array:
    """A view of a buffer in the arena, in the value's type: (groups, *shape, lanes), or (*shape) if unbatched."""
    value = buffer.value
    begin = buffer.offset_bytes // FLOAT_BYTES
    numbers = arena[begin : begin + buffer.size_bytes // FLOAT_BYTES].view(value.dtype)
    if not value.batched:
        return numbers.reshape(value.shape)
    channels = value.shape[0] if value.shape else 1
    groups = numbers.reshape(-1, buffer.group_stride)[:, : channels * buffer.plane_stride]
    planes = groups.reshape(len(groups), channels, buffer.plane_stride)[:, :, : value.elements // channels * lanes]
    return planes.reshape(len(groups), *value.shape, lanes)


def to_lanes(plain: Array, into: Array) -> None:
    """Writes (n, *shape) into a `view` of lane groups; lanes without an image get zeros."""
    images, lanes = len(plain), into.shape[-1]
    live = -(-images // lanes)
    padded = np.zeros((live * lanes, *plain.shape[1:]), into.dtype)
    padded[:images] = plain
    into[:live] = np.moveaxis(padded.reshape(live, lanes, *plain.shape[1:]), 1, -1)


def from_lanes(grouped: Array, images: int) -> Array:
    """The first `images` of a `view` of lane groups as (images, *shape)."""
    shape, live = grouped.shape[1:-1], -(-images // grouped.shape[-1])
    return np.ascontiguousarray(np.moveaxis(grouped[:live], -1, 1)).reshape(-1, *shape)[:images]


def channel_view(arena: Array, buffer: Buffer) -> Array:
    """A view of a buffer whose lanes hold channels, without margins: (images, vectors, H, W, lanes)."""
    channels, height, width = as_map(buffer.value.shape)
    begin, count = buffer.offset_bytes // FLOAT_BYTES, vectors(channels, buffer.vector_channels)
    images = arena[begin : begin + buffer.size_bytes // FLOAT_BYTES].reshape(-1, buffer.group_stride)
    (top, left, *_), (rows, columns) = buffer.margins, buffer.margins.around(height, width)
    maps = images[:, : count * buffer.plane_stride].reshape(-1, count, rows, columns, buffer.vector_channels)
    return maps[:, :, top : top + height, left : left + width]


def to_channels(plain: Array, into: Array) -> None:
    """Writes (n, C, H, W) or (n, C) into a `channel_view`; lanes behind the last channel are not written."""
    images, (_, count, height, width, vector_channels) = len(plain), into.shape
    maps = plain.reshape(images, -1, height, width)
    if vector_channels == 1:
        into[:images, :, :, :, 0] = maps
        return
    for a in range(count):
        own = maps[:, a * vector_channels : (a + 1) * vector_channels]
        into[:images, a, :, :, : own.shape[1]] = np.moveaxis(own, 1, -1)


def from_channels(view_: Array, shape: tuple[int, ...], images: int) -> Array:
    """The first `images` of a `channel_view` as (images, *shape), a copy."""
    return np.array(flat_channels(view_[:images], shape)).reshape(images, *shape)


def flat_channels(view_: Array, shape: tuple[int, ...]) -> Array:
    """A `channel_view` as (images, elements): a view where maps are one pixel, else a copy."""
    channels, height, width = as_map(shape)
    images = len(view_)
    return np.moveaxis(view_, -1, 2).reshape(images, -1, height * width)[:, :channels].reshape(images, -1)
