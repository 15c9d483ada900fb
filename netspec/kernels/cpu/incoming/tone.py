"""Contrast, brightness, noise and cutout of a minibatch, in place after it is loaded."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from typing import NamedTuple

from netspec.ir.augmentation import STREAMS
from netspec.kernels.cpu.incoming.augment_draws import (
    BRIGHTNESS,
    CONTRAST,
    CUT_LEFT,
    CUT_TOP,
    FRACTION,
    IMAGE,
    NO_TILE,
    Draws,
    Incoming,
    draws_of,
    incoming,
    row,
)
from netspec.kernels.cpu.language.descriptor import Words, places
from netspec.kernels.cpu.language.jit import kernel, routine
from netspec.kernels.cpu.language.memory import floats_at, real
from netspec.kernels.cpu.language.random import philox
from netspec.kernels.cpu.language.rows import Row
from netspec.kernels.cpu.language.state import COUNT, EPOCH, SCALE, SEED, WHITE
from netspec.kernels.cpu.language.tile import lanes
from netspec.kernels.cpu.language.vector import (
    first_lanes,
    fma,
    load,
    load_integers,
    select,
    splat,
    splat_integer,
    sqrt,
    store,
    to_float,
)
from netspec.kernels.cpu.language.vector_math import cosine_sine, log
from netspec.targets.cpu.program import Augmenting, Buffer

WORDS_A_COUNTER = 4


class ToneImages(NamedTuple):
    """Words of `tone_images`: the input buffer, whether contrast changes, the noise's standard deviation as a fraction
    of `WHITE`, its random stream, and the side of the cut square."""

    draws: Draws
    into: Incoming
    stretches: int
    deviation: float
    stream: int
    side: int


TONE = places(ToneImages)


def tone_rows(augmenting: Augmenting, shape: tuple[int, int, int], into: Buffer) -> tuple[Row, ...]:
    """A row that changes the pixels of the input in place; none where the augmentation changes no tone."""
    augmentation = augmenting.augmentation
    if not augmentation.tones:
        return ()
    words = ToneImages(
        draws=draws_of(augmenting),
        into=incoming(into, shape),
        stretches=bool(augmentation.contrast),
        deviation=augmentation.noise,
        stream=STREAMS["noise"],
        side=augmentation.cut_side(*shape[1:]),
    )
    reads = (augmenting.draws, into)
    return (Row(tone_images, NO_TILE, words, shape[0], per_group=True, reads=reads, writes=(into,)),)


@routine
def _mean(tile, arena, d, at):
    """Per lane, the mean of a channel, summed row by row."""
    step, total = lanes(tile), splat(tile, 0.0)
    for y in range(d[TONE.into.height]):
        across = splat(tile, 0.0)
        for x in range(y * d[TONE.into.width], (y + 1) * d[TONE.into.width]):
            across = across + load(tile, arena, at + x * step)
        total = total + across
    return total / (d[TONE.into.height] * d[TONE.into.width])


@routine
def _stretch(tile, arena, d, state, g, c, at):
    """x = x + contrast · (x - mean) + brightness"""
    step, mean, contrast = lanes(tile), splat(tile, 0.0), splat(tile, 0.0)
    brightness = load(tile, arena, row(tile, d, g, BRIGHTNESS)) * (real(state, WHITE) * floats_at(state[SCALE])[c])
    if d[TONE.stretches] != 0:
        mean, contrast = _mean(tile, arena, d, at), load(tile, arena, row(tile, d, g, CONTRAST))
    for i in range(at, at + d[TONE.into.height] * d[TONE.into.width] * step, step):
        x = load(tile, arena, i)
        store(arena, i, fma(contrast, x - mean, x) + brightness)


@routine
def _add_pair(tile, arena, at, end, first, second, deviation):
    """Adds two normal numbers, made of two random words (Box-Muller), to the pixel at `at` and the next one, up to
    `end`."""
    radius = sqrt(log(fma(to_float(first >> 8), FRACTION, FRACTION)) * -2.0) * deviation
    cosine, sine = cosine_sine(to_float(second >> 8) * FRACTION)
    step = lanes(tile)
    if at < end:
        store(arena, at, fma(radius, cosine, load(tile, arena, at)))
    if at + step < end:
        store(arena, at + step, fma(radius, sine, load(tile, arena, at + step)))


@routine
def _add_noise(tile, arena, d, state, g, c, at):
    step, pixels = lanes(tile), d[TONE.into.height] * d[TONE.into.width]
    deviation = real(d, TONE.deviation) * (real(state, WHITE) * floats_at(state[SCALE])[c])
    images = load_integers(tile, arena, row(tile, d, g, IMAGE))
    epoch, stream = splat_integer(tile, state[EPOCH]), splat_integer(tile, d[TONE.stream])
    blocks, end = (pixels + WORDS_A_COUNTER - 1) // WORDS_A_COUNTER, at + pixels * step
    for k in range(blocks):
        drawn = philox(images, epoch, splat_integer(tile, c * blocks + k), stream, state[SEED])
        into = at + k * WORDS_A_COUNTER * step
        _add_pair(tile, arena, into, end, drawn[0], drawn[1], deviation)
        _add_pair(tile, arena, into + 2 * step, end, drawn[2], drawn[3], deviation)


@routine
def _cut_out(tile, arena, d, state, g, at):
    """Fills with zeros the cut square of each image, and all of a lane without an image."""
    step, side, live = lanes(tile), d[TONE.side], first_lanes(tile, state[COUNT] - g * lanes(tile))
    top = load_integers(tile, arena, row(tile, d, g, CUT_TOP))
    left = load_integers(tile, arena, row(tile, d, g, CUT_LEFT))
    for y in range(d[TONE.into.height]):
        kept_row = ~((top <= y) & (top > y - side))
        for x in range(d[TONE.into.width]):
            kept = (kept_row | ~((left <= x) & (left > x - side))) & live
            i = at + (y * d[TONE.into.width] + x) * step
            store(arena, i, select(kept, load(tile, arena, i), 0.0))


@kernel
def tone_images(tile, arena, d: Words[ToneImages], state, begin, end, thread):
    """Unit: a channel of a group."""
    for unit in range(begin, end):
        g, c = unit // d[TONE.into.channels], unit % d[TONE.into.channels]
        at = d[TONE.into.place] + g * d[TONE.into.group] + c * d[TONE.into.plane]
        _stretch(tile, arena, d, state, g, c, at)
        if real(d, TONE.deviation) > 0.0:
            _add_noise(tile, arena, d, state, g, c, at)
        _cut_out(tile, arena, d, state, g, at)
