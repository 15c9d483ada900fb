"""Copy of a minibatch from the data set into the lanes of the input, and of results from lanes to arrays of images."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from netspec.diagnostics.failure import CompilerBug
from netspec.ir.augmentation import STREAMS
from netspec.ir.graph import Value
from netspec.ir.memory import FLOAT_BYTES
from netspec.kernels.cpu.incoming.augment import augment_rows
from netspec.kernels.cpu.incoming.augment_draws import Incoming, incoming
from netspec.kernels.cpu.language.counter import two_words
from netspec.kernels.cpu.language.descriptor import Operand, Words, places
from netspec.kernels.cpu.language.jit import kernel, routine
from netspec.kernels.cpu.language.memory import bytes_at, floats_at, integers, integers_at, words_at
from netspec.kernels.cpu.language.rows import Row, place, where
from netspec.kernels.cpu.language.state import (
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
    SCRATCH,
    SEED,
    SLOTS,
    SOURCE_BYTES,
    SOURCE_HEIGHT,
    SOURCE_STRIDE,
    SOURCE_WIDTH,
)
from netspec.kernels.cpu.language.tile import lanes
from netspec.kernels.cpu.language.transpose import transpose_square
from netspec.targets.cpu.incoming import BAND
from netspec.targets.cpu.program import Program, Tile

CROP_STREAM = STREAMS["crop"]
NO_CROP, RANDOM_CROP, CENTRE_CROP = 0, 1, 2
NO_TILE = Tile(1, 1)


class GatherImages(NamedTuple):
    """Words of `gather_images`: the input buffer, rows per band, and the stride of lanes' bands in a thread's scratch,
    in float32 elements."""

    into: Incoming
    band: int
    pitch: int


class GatherLabels(NamedTuple):
    """Words of `gather_labels`."""

    into: Operand


class Collect(NamedTuple):
    """Words of `collect`: a value, numbers per image in the result, and offset of the value's numbers among them."""

    source: int
    source_group: int
    source_plane: int
    channels: int
    positions: int
    width: int
    first: int


GATHERED, LABELLED, COLLECT = places(GatherImages), places(GatherLabels), places(Collect)


def gather_rows(program: Program) -> tuple[Row, ...]:
    """Rows that load the image of every lane, and its label if the program reads one; lanes without an image get
    zeros. The image is the first batched input of floats; the caller writes others."""
    rows: list[Row] = []
    image = next((value for value in program.inputs if value.batched and value.dtype == "float32"), None)
    for value in program.inputs:
        buffer = program.buffers[value.name]
        if value.batched and value.dtype == "int32":
            labels = GatherLabels(into=where(buffer))
            rows.append(Row(gather_labels, NO_TILE, labels, 1, per_group=True, writes=(buffer,)))
        elif value is image:
            c, h, w = _image(value)
            band, pitch = _band(program, value)
            words = GatherImages(
                into=incoming(buffer, (c, h, w)),
                band=band,
                pitch=pitch,
            )
            copying = Row(gather_images, NO_TILE, words, c, per_group=True, writes=(buffer,))
            augmenting = program.augmenting
            rows += augment_rows(augmenting, program, buffer, (c, h, w), copying) if augmenting else (copying,)
    return tuple(rows)


def collect_rows(program: Program, values: Sequence[Value]) -> tuple[Row, ...]:
    """Rows that copy batched values to state[RESULTS] as (TOTAL, elements of all values), in the order of the
    images."""
    width, first, rows = sum(value.elements for value in values), 0, list[Row]()
    for value in values:
        buffer, channels = program.buffers[value.name], value.shape[0] if value.shape else 1
        words = Collect(
            source=place(buffer),
            source_group=buffer.group_stride,
            source_plane=buffer.plane_stride,
            channels=channels,
            positions=value.elements // channels,
            width=width,
            first=first,
        )
        rows.append(Row(collect, NO_TILE, words, 1, per_group=True, reads=(buffer,)))
        first += value.elements
    return tuple(rows)


def _band(program: Program, value: Value) -> tuple[int, int]:
    """(band, pitch): rows per band, few enough for the first cache, and the stride of lanes' bands in a thread's
    scratch."""
    _, height, width = _image(value)
    lanes = program.target.lanes
    pitch = program.thread_bytes // FLOAT_BYTES // lanes // lanes * lanes
    band = min(height, max(1, BAND // width))
    if pitch < band * width:
        raise CompilerBug(f"a thread's scratch of {program.thread_bytes} bytes is too small for rows of {width} pixels")
    return band, min(pitch, -(-band * width // lanes) * lanes + lanes)


def _image(value: Value) -> tuple[int, int, int]:
    """Channels, height and width of an input; a flat vector of F numbers is F channels of one pixel."""
    channels, height, width = (*value.shape, 1, 1)[:3]
    return channels, height, width


@routine
def _offset(mode, extent, window, pad, word):
    """First row (or column) of the window in an image of `extent` rows (or columns); negative in the padding."""
    margin = extent + 2 * pad - window
    if mode == RANDOM_CROP:
        return np.int64((word * np.uint64(margin + 1)) >> np.uint64(32)) - pad
    return margin // 2 - pad


@routine
def _corner(state, image, height, width):
    """(top, left) of the window in an image."""
    word_y = word_x = np.uint64(0)
    if state[CROP] == RANDOM_CROP:
        word_y, word_x = two_words(image, state[EPOCH], 0, CROP_STREAM, state[SEED])
    top = _offset(state[CROP], state[SOURCE_HEIGHT], height, state[CROP_PAD], word_y)
    return top, _offset(state[CROP], state[SOURCE_WIDTH], width, state[CROP_PAD], word_x)


@routine
def _copy_row(arena, at, source, source_at, begin, end, mean, scale):
    """arena[at + x] = (source[source_at + x] - mean) * scale for x from begin up to end"""
    for x in range(begin, end):
        arena[at + x] = (np.float32(source[source_at + x]) - mean) * scale


@routine
def _clear_row(arena, at, begin, end):
    for x in range(begin, end):
        arena[at + x] = np.float32(0.0)


@routine
def _bring(arena, state, at, pixels, begin, end, c):
    """Loads pixels begin … end - 1 of channel c, counted from offset `pixels` of the images, normalised."""
    mean, scale = floats_at(state[MEAN])[c], floats_at(state[SCALE])[c]
    if state[SOURCE_BYTES] == 1:
        _copy_row(arena, at, bytes_at(state[IMAGES]), pixels, begin, end, mean, scale)
    else:
        _copy_row(arena, at, floats_at(state[IMAGES]), pixels, begin, end, mean, scale)


@routine
def _bring_row(arena, state, at, plane, c, y, left, width):
    """Loads row y of channel c of an image from column `left` on; both may be outside the image."""
    if y < 0 or y >= state[SOURCE_HEIGHT]:
        _clear_row(arena, at, 0, width)
        return
    first, last = max(0, -left), min(width, state[SOURCE_WIDTH] - left)
    _clear_row(arena, at, 0, first)
    _bring(arena, state, at, plane + y * state[SOURCE_WIDTH] + left, first, last, c)
    _clear_row(arena, at, last, width)


@kernel
def gather_images(tile, arena, d: Words[GatherImages], state, begin, end, thread):
    """Unit: a channel of a group. The thread's scratch holds a band of rows of each lane's image, one lane after
    another, before the transpose into vectors."""
    channels, height, width, step = (
        d[GATHERED.into.channels],
        d[GATHERED.into.height],
        d[GATHERED.into.width],
        lanes(tile),
    )
    band = d[GATHERED.band]
    pitch = d[GATHERED.pitch]
    order = words_at(state[ORDER])
    source_of = words_at(state[SLOTS])
    bands = (height + band - 1) // band
    for part in range(begin * bands, end * bands):
        unit, first_row = part // bands, part % bands * band
        rows, g, c = min(band, height - first_row), unit // channels, unit % channels
        for lane in range(step):
            at, n = state[SCRATCH] + lane * pitch, g * step + lane
            if n >= state[COUNT]:
                _clear_row(arena, at, 0, rows * width)
                continue
            image, source = order[state[FIRST] + n], source_of[state[FIRST] + n] * state[SOURCE_STRIDE]
            plane = source + c * state[SOURCE_HEIGHT] * state[SOURCE_WIDTH]
            if state[CROP] == NO_CROP:
                _bring(arena, state, at, plane + first_row * width, 0, rows * width, c)
                continue
            top, left = _corner(state, image, height, width)
            for y in range(rows):
                _bring_row(arena, state, at + y * width, plane, c, top + first_row + y, left, width)
        into = (
            d[GATHERED.into.place] + g * d[GATHERED.into.group] + c * d[GATHERED.into.plane] + first_row * width * step
        )
        for x in range(0, rows * width, step):
            count = min(step, rows * width - x)
            transpose_square(tile, arena, state[SCRATCH] + x, pitch, into + x * step, step, count)


@kernel
def gather_labels(tile, arena, d: Words[GatherLabels], state, begin, end, thread):
    """Unit: a group."""
    order, labels, step = words_at(state[ORDER]), integers_at(state[LABELS]), lanes(tile)
    into = integers(arena)
    for g in range(begin, end):
        for lane in range(step):
            n = g * step + lane
            live = n < state[COUNT]
            into[d[LABELLED.into.place] + g * d[LABELLED.into.group] + lane] = (
                labels[order[state[FIRST] + n]] if live else np.int32(0)
            )


@kernel
def collect(tile, arena, d: Words[Collect], state, begin, end, thread):
    """Unit: a group."""
    results = floats_at(state[RESULTS])
    step = lanes(tile)
    channels = d[COLLECT.channels]
    positions = d[COLLECT.positions]
    width, first = d[COLLECT.width], d[COLLECT.first]
    for g in range(begin, end):
        for lane in range(min(step, state[COUNT] - g * step)):
            image = state[FIRST] + g * step + lane
            for c in range(channels):
                into = image * width + first + c * positions
                plane = d[COLLECT.source] + g * d[COLLECT.source_group] + c * d[COLLECT.source_plane] + lane
                for e in range(positions):
                    results[into + e] = arena[plane + e * step]
