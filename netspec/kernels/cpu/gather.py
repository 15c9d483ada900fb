"""A minibatch from the data set into the lanes of the input, and results back out, image by image."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

import numpy as np

from netspec.ir.graph import Value
from netspec.ir.program import Program, Tile
from netspec.kernels.cpu.counter import two_words
from netspec.kernels.cpu.jit import kernel, routine
from netspec.kernels.cpu.memory import bytes_at, floats_at, integers, integers_at, words_at
from netspec.kernels.cpu.rows import Row, place
from netspec.kernels.cpu.state import (
    COUNT,
    CROP,
    CROP_PAD,
    EPOCH,
    FIRST,
    IMAGES,
    LABELS,
    MEAN,
    ORDER,
    RESULTS,
    SCALE,
    SEED,
    SOURCE_BYTES,
    SOURCE_HEIGHT,
    SOURCE_WIDTH,
)
from netspec.kernels.cpu.tile import lanes

CROP_STREAM = 0x43524F50
"""last word of the counter of crop offsets: "CROP"; the others are image, epoch and zero"""
NO_CROP, RANDOM_CROP, CENTRE_CROP = 0, 1, 2
NO_TILE = Tile(1, 1)


def gather_rows(program: Program) -> tuple[Row, ...]:
    """Fills the image and, where the program has one, the label of every lane; lanes without an image get zeros."""
    rows: list[Row] = []
    for value in program.inputs:
        buffer = program.buffers[value.name]
        if value.batched and value.dtype == "int32":
            rows.append(Row(gather_labels, NO_TILE, (place(buffer), buffer.group_stride), 1, per_group=True))
        elif value.batched:
            c, h, w = _image(value)
            words = (place(buffer), buffer.group_stride, buffer.plane_stride, c, h, w)
            rows.append(Row(gather_images, NO_TILE, words, c, per_group=True))
    return tuple(rows)


def collect_rows(program: Program, value: Value) -> tuple[Row, ...]:
    """Copies a batched value to the address in the state, (TOTAL, elements) in the order of the images."""
    buffer = program.buffers[value.name]
    channels = value.shape[0] if value.shape else 1
    words = (place(buffer), buffer.group_stride, buffer.plane_stride, channels, value.elements // channels)
    return (Row(collect, NO_TILE, words, 1, per_group=True),)


def _image(value: Value) -> tuple[int, int, int]:
    """Channels, height and width of an input; a flat vector of F numbers is F channels of one pixel."""
    channels, height, width = (*value.shape, 1, 1)[:3]
    return channels, height, width


@routine
def _offset(mode, extent, window, pad, word):
    """Where the window begins in an image of `extent` rows (or columns), below zero where it begins in the padding."""
    spare = extent + 2 * pad - window
    if mode == RANDOM_CROP:
        return np.int64((word * np.uint64(spare + 1)) >> np.uint64(32)) - pad
    return spare // 2 - pad


@routine
def _copy_row(arena, at, step, source, source_at, begin, end, mean, scale):
    """arena[at + x*step] = (source[source_at + x] - mean) * scale for x from begin up to end"""
    for x in range(begin, end):
        arena[at + x * step] = (np.float32(source[source_at + x]) - mean) * scale


@routine
def _clear_row(arena, at, step, begin, end):
    for x in range(begin, end):
        arena[at + x * step] = np.float32(0.0)


@kernel
def gather_images(tile, arena, d, state, begin, end, thread):
    """Unit: a channel of a group."""
    input_at, group_stride, plane_stride = d[0], d[1], d[2]
    channels, height, width = d[3], d[4], d[5]
    source_height, source_width, pad = state[SOURCE_HEIGHT], state[SOURCE_WIDTH], state[CROP_PAD]
    order = words_at(state[ORDER])
    step = lanes(tile)
    for unit in range(begin, end):
        g, c = unit // channels, unit % channels
        mean, scale = floats_at(state[MEAN])[c], floats_at(state[SCALE])[c]
        for lane in range(step):
            at = input_at + g * group_stride + c * plane_stride + lane
            n = g * step + lane
            if n >= state[COUNT]:
                _clear_row(arena, at, step, 0, height * width)
                continue
            image = order[state[FIRST] + n]
            word_y, word_x = two_words(image, state[EPOCH], 0, CROP_STREAM, state[SEED])
            top = _offset(state[CROP], source_height, height, pad, word_y)
            left = _offset(state[CROP], source_width, width, pad, word_x)
            first, last = max(0, -left), min(width, source_width - left)
            for y in range(height):
                row = at + y * width * step
                if y + top < 0 or y + top >= source_height:
                    _clear_row(arena, row, step, 0, width)
                    continue
                pixels = ((image * channels + c) * source_height + y + top) * source_width + left
                _clear_row(arena, row, step, 0, first)
                if state[SOURCE_BYTES] == 1:
                    _copy_row(arena, row, step, bytes_at(state[IMAGES]), pixels, first, last, mean, scale)
                else:
                    _copy_row(arena, row, step, floats_at(state[IMAGES]), pixels, first, last, mean, scale)
                _clear_row(arena, row, step, last, width)


@kernel
def gather_labels(tile, arena, d, state, begin, end, thread):
    """Unit: a group."""
    order, labels, step = words_at(state[ORDER]), integers_at(state[LABELS]), lanes(tile)
    into = integers(arena)
    for g in range(begin, end):
        for lane in range(step):
            n = g * step + lane
            live = n < state[COUNT]
            into[d[0] + g * d[1] + lane] = labels[order[state[FIRST] + n]] if live else np.int32(0)


@kernel
def collect(tile, arena, d, state, begin, end, thread):
    """Unit: a group."""
    results, step, channels, positions = floats_at(state[RESULTS]), lanes(tile), d[3], d[4]
    for g in range(begin, end):
        for lane in range(min(step, state[COUNT] - g * step)):
            image = state[FIRST] + g * step + lane
            for c in range(channels):
                into, plane = (image * channels + c) * positions, d[0] + g * d[1] + c * d[2] + lane
                for e in range(positions):
                    results[into + e] = arena[plane + e * step]
