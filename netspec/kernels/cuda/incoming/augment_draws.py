"""Random draws of the augmentation, once per image of a minibatch before it is loaded: geometry, tone and cutout.

Their meaning is defined in `ir/evaluate_augmentation.py`, their order in `targets/cuda/draws.py`.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false
# pyright: reportMissingImports=false

from __future__ import annotations

from numba import float32, int32, uint32, uint64
from numba.cuda import libdevice

from netspec.ir.augmentation import STREAMS
from netspec.kernels.cuda.incoming.gather import window_corner
from netspec.kernels.cuda.language.jit import routine
from netspec.kernels.cuda.language.pointers import words_at
from netspec.kernels.cuda.language.random import each_way, philox, uniform
from netspec.kernels.cuda.language.threads import place
from netspec.targets.cuda.draws import (
    BRIGHTNESS,
    CONTRAST,
    COSINE,
    CUT_LEFT,
    CUT_TOP,
    DRAW_ROWS,
    FLIP_X,
    FLIP_Y,
    LEFT,
    SHIFT_X,
    SHIFT_Y,
    SINE,
    TOP,
)
from netspec.targets.cuda.state import EPOCH, FIRST, ORDER, SEED, SOURCE_HEIGHT, SOURCE_WIDTH

SHIFT, ROTATE, SCALE, MIRROR = (STREAMS[name] for name in ("shift", "rotate", "scale", "mirror"))
BRIGHTEN, STRETCH, CUTOUT = (STREAMS[name] for name in ("brightness", "contrast", "cutout"))


@routine
def image_number(state, n):
    """The number in the data set of image n of the minibatch."""
    return words_at(state[ORDER])[state[FIRST] + n]


@routine
def image_words(state, image, block, stream):
    """Four words of a block of a transform's stream for an image of that number."""
    return philox(uint32(image), uint32(state[EPOCH]), uint32(block), uint32(stream), state[SEED])


@routine
def _rotate(draws, row, words, turn, low, spread):
    """Cosine and sine of the angle, divided by the scale; `turn` in whole turns."""
    scale_word, turn_word = words
    inverse = float32(1) / (low + spread * uniform(scale_word))
    half_turns = each_way(turn_word) * turn * float32(2)
    draws[row + COSINE] = libdevice.cospif(half_turns) * inverse
    draws[row + SINE] = libdevice.sinpif(half_turns) * inverse


@routine
def _flip(word, mirrored):
    """-1 for every other word where an axis is mirrored, else 1."""
    return float32(-1) if mirrored and int32(word >> uint32(31)) == 1 else float32(1)


@routine
def _move(draws, row, state, image, shift, s):
    """Mirror, shift and crop."""
    words = image_words(state, image, 0, MIRROR)
    draws[row + FLIP_Y], draws[row + FLIP_X] = _flip(words[1], s.mirror_y), _flip(words[0], s.mirror_x)
    words = image_words(state, image, 0, SHIFT)
    draws[row + SHIFT_Y], draws[row + SHIFT_X] = each_way(words[0]) * shift, each_way(words[1]) * shift
    top, left = window_corner(state, image, s.h, s.w)
    height, width = int32(state[SOURCE_HEIGHT]), int32(state[SOURCE_WIDTH])
    draws[row + TOP] = float32(int32(top)) - float32(height - 1) * float32(0.5)
    draws[row + LEFT] = float32(int32(left)) - float32(width - 1) * float32(0.5)


@routine
def _first_cut(word, extent, side):
    """First row (or column) of the cut square, about a random one of `extent`; negative beyond the border."""
    middle = int32((uint64(word) * uint64(extent)) >> uint64(32))
    return float32(int32(middle - (side >> 1)))


@routine
def _tone(draws, row, state, image, brightness, contrast, s):
    """Brightness, contrast and cutout."""
    draws[row + BRIGHTNESS] = each_way(image_words(state, image, 0, BRIGHTEN)[0]) * brightness
    draws[row + CONTRAST] = each_way(image_words(state, image, 0, STRETCH)[0]) * contrast
    words = image_words(state, image, 0, CUTOUT)
    draws[row + CUT_TOP], draws[row + CUT_LEFT] = _first_cut(words[0], s.h, s.side), _first_cut(words[1], s.w, s.side)


def draw_images(draws, state, images, s, shift, turn, low, spread, brightness, contrast):
    """draws[n,:] of each image; scales are from `low` up to `low + spread`; a thread an image."""
    n = place()
    if n >= images:
        return
    image, row = image_number(state, n), int32(n * DRAW_ROWS)
    words = image_words(state, image, 0, SCALE)[0], image_words(state, image, 0, ROTATE)[0]
    _rotate(draws, row, words, turn, low, spread)
    _move(draws, row, state, image, shift, s)
    _tone(draws, row, state, image, brightness, contrast, s)
