"""Random draws of the augmentation, once per image of a minibatch before it is loaded: geometry, tone and cutout.

The draws of a group are rows of one number per lane; `row(tile, d, g, NAME)` is the arena index of one. Their meaning
is defined in `ir/evaluate_augmentation.py`.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from typing import NamedTuple

import numpy as np

from netspec.diagnostics.failure import CompilerBug
from netspec.ir.augmentation import STREAMS
from netspec.kernels.cpu.language.descriptor import Words, places
from netspec.kernels.cpu.language.jit import kernel, routine
from netspec.kernels.cpu.language.memory import integers, real, words_at, words_behind
from netspec.kernels.cpu.language.random import philox
from netspec.kernels.cpu.language.rows import Row, place
from netspec.kernels.cpu.language.state import (
    COUNT,
    CROP,
    CROP_PAD,
    EPOCH,
    FIRST,
    IMAGES,
    ORDER,
    SEED,
    SLOTS,
    SOURCE_BYTES,
    SOURCE_HEIGHT,
    SOURCE_STRIDE,
    SOURCE_WIDTH,
)
from netspec.kernels.cpu.language.tile import lanes
from netspec.kernels.cpu.language.vector import (
    fma,
    high_product,
    load_integers,
    splat_integer,
    store,
    store_integers,
    to_float,
)
from netspec.kernels.cpu.language.vector_math import cosine_sine
from netspec.targets.cpu.incoming import DRAW_ROWS
from netspec.targets.cpu.program import Augmenting, Buffer, Tile

DRAWN = ("shift", "rotate", "scale", "mirror", "crop", "brightness", "contrast", "cutout")
"""Transforms that draw up to two words per image, in the order of the rows of words."""
WORDS = 0
SHIFT, ROTATE, SCALE, MIRROR, CROPPING, BRIGHTEN, STRETCH, CUTTING = range(WORDS, WORDS + 2 * len(DRAWN), 2)
(
    IMAGE,
    ADDRESS,
    _,
    COSINE,
    SINE,
    FLIP_Y,
    FLIP_X,
    TOP,
    LEFT,
    SHIFT_Y,
    SHIFT_X,
    BRIGHTNESS,
    CONTRAST,
    CUT_TOP,
    CUT_LEFT,
) = range(WORDS + 2 * len(DRAWN), WORDS + 2 * len(DRAWN) + 15)
"""IMAGE: number in the data set, an integer. ADDRESS: int64, two rows. COSINE, SINE: of the angle, divided by the
scale. FLIP_Y, FLIP_X: 1 or -1. TOP, LEFT: corner of the window, from the centre of the source. CUT_TOP, CUT_LEFT:
corner of the cut square, integers."""
RANDOM_CROP = 1
FRACTION, TWO_FRACTIONS = 2.0**-24, 2.0**-23
NO_TILE = Tile(1, 1)


class Incoming(NamedTuple):
    """Words of the input buffer that images are loaded into: first element, strides of lane groups and channels in
    float32 elements, and shape."""

    place: int
    group: int
    plane: int
    channels: int
    height: int
    width: int


def incoming(into: Buffer, shape: tuple[int, int, int]) -> Incoming:
    """The words of an input of `shape` (C, H, W)."""
    return Incoming(place(into), into.group_stride, into.plane_stride, *shape)


class Draws(NamedTuple):
    """First words of every kernel that reads the draws: first element, elements per group, rows per group."""

    place: int
    group: int
    rows: int


class DrawImages(NamedTuple):
    """Words of `draw_images`: window size, strengths, and the random stream of each transform in `DRAWN`."""

    draws: Draws
    height: int
    width: int
    most_shift: float
    most_rotation: float
    low: float
    range: float
    mirrors_y: float
    mirrors_x: float
    most_bright: float
    most_contrast: float
    side: int
    streams: tuple[int, ...]


DRAWS, DRAW = places(Draws), places(DrawImages)


def draws_of(augmenting: Augmenting) -> Draws:
    """The words of a program's draws."""
    _, rows, lanes = augmenting.draws.value.shape
    if rows != DRAW_ROWS:
        raise CompilerBug(f"{rows} rows for what is drawn of an image, and {DRAW_ROWS} are needed")
    return Draws(place=place(augmenting.draws), group=rows * lanes, rows=rows)


def draw_rows(augmenting: Augmenting, shape: tuple[int, int, int]) -> tuple[Row, ...]:
    """A row that draws for every image of a minibatch; `shape` is the net's input (C, H, W)."""
    _, height, width = shape
    strengths = augmenting.augmentation
    low, high = strengths.scale
    words = DrawImages(
        draws=draws_of(augmenting),
        height=height,
        width=width,
        most_shift=strengths.shift,
        most_rotation=strengths.turn,
        low=low,
        range=high - low,
        mirrors_y=strengths.mirror_vertical,
        mirrors_x=strengths.mirror,
        most_bright=strengths.brightness,
        most_contrast=strengths.contrast,
        side=strengths.cut_side(height, width),
        streams=tuple(STREAMS[name] for name in DRAWN),
    )
    return (Row(draw_images, NO_TILE, words, 1, per_group=True, writes=(augmenting.draws,)),)


@routine
def row(tile, d, g, name):
    """Arena index of a row of the draws of group g."""
    return d[DRAWS.place] + g * d[DRAWS.group] + name * lanes(tile)


@routine
def _uniform(tile, arena, d, g, name):
    """Row `name` as uniform numbers, 0 <= u < 1."""
    return to_float(load_integers(tile, arena, row(tile, d, g, name)) >> 8) * FRACTION


@routine
def _each_way(tile, arena, d, g, name):
    """Row `name` as uniform numbers, -1 <= u < 1."""
    return fma(to_float(load_integers(tile, arena, row(tile, d, g, name)) >> 8), TWO_FRACTIONS, -1.0)


@routine
def _find_images(tile, arena, d, state, g):
    """Number and address of each lane's image; a lane without an image gets those of the first image."""
    order, slots, step = words_at(state[ORDER]), words_at(state[SLOTS]), lanes(tile)
    addresses = words_behind(arena, row(tile, d, g, ADDRESS))
    for lane in range(step):
        n = g * step + lane
        at = state[FIRST] + (n if n < state[COUNT] else 0)
        integers(arena)[row(tile, d, g, IMAGE) + lane] = order[at]
        addresses[lane] = state[IMAGES] + slots[at] * state[SOURCE_STRIDE] * state[SOURCE_BYTES]


@routine
def _draw_words(tile, arena, d, state, g):
    """Two random words per transform and image."""
    images = load_integers(tile, arena, row(tile, d, g, IMAGE))
    epoch, none = splat_integer(tile, state[EPOCH]), splat_integer(tile, 0)
    for k in range(len(DRAWN)):
        drawn = philox(images, epoch, none, splat_integer(tile, d[DRAW.streams + k]), state[SEED])
        store_integers(arena, row(tile, d, g, WORDS + 2 * k), drawn[0])
        store_integers(arena, row(tile, d, g, WORDS + 2 * k + 1), drawn[1])


@routine
def _rotate(tile, arena, d, g):
    scale = fma(_uniform(tile, arena, d, g, SCALE), real(d, DRAW.range), real(d, DRAW.low))
    cosine, sine = cosine_sine(_each_way(tile, arena, d, g, ROTATE) * real(d, DRAW.most_rotation))
    store(arena, row(tile, d, g, COSINE), cosine / scale)
    store(arena, row(tile, d, g, SINE), sine / scale)


@routine
def _move(tile, arena, d, state, g, axis, extent, window):
    """Mirror, shift and crop along y (axis 0) or x (axis 1)."""
    mirrored = to_float(load_integers(tile, arena, row(tile, d, g, MIRROR + 1 - axis)) >> 31)
    store(arena, row(tile, d, g, FLIP_Y + axis), 1.0 - mirrored * (2.0 * real(d, DRAW.mirrors_y + axis)))
    shift = _each_way(tile, arena, d, g, SHIFT + axis) * real(d, DRAW.most_shift)
    store(arena, row(tile, d, g, SHIFT_Y + axis), shift)
    margin = extent + 2 * state[CROP_PAD] - window
    corner = splat_integer(tile, margin // 2)
    if state[CROP] == RANDOM_CROP:
        corner = high_product(load_integers(tile, arena, row(tile, d, g, CROPPING + axis)), np.uint32(margin + 1))
    corner = corner + -state[CROP_PAD]
    store(arena, row(tile, d, g, TOP + axis), to_float(corner) - (extent - 1) * 0.5)


@routine
def _tone(tile, arena, d, g):
    store(arena, row(tile, d, g, BRIGHTNESS), _each_way(tile, arena, d, g, BRIGHTEN) * real(d, DRAW.most_bright))
    store(arena, row(tile, d, g, CONTRAST), _each_way(tile, arena, d, g, STRETCH) * real(d, DRAW.most_contrast))
    for axis in range(2):
        middle = high_product(
            load_integers(tile, arena, row(tile, d, g, CUTTING + axis)), np.uint32(d[DRAW.height + axis])
        )
        store_integers(arena, row(tile, d, g, CUT_TOP + axis), middle + -(d[DRAW.side] // 2))


@kernel
def draw_images(tile, arena, d: Words[DrawImages], state, begin, end, thread):
    """Unit: a group."""
    for g in range(begin, end):
        _find_images(tile, arena, d, state, g)
        _draw_words(tile, arena, d, state, g)
        _rotate(tile, arena, d, g)
        _move(tile, arena, d, state, g, 0, state[SOURCE_HEIGHT], d[DRAW.height])
        _move(tile, arena, d, state, g, 1, state[SOURCE_WIDTH], d[DRAW.width])
        _tone(tile, arena, d, g)
