"""Loading of warped images: each pixel is interpolated bilinearly at its position in the source."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from typing import NamedTuple

from netspec.ir.augmentation import smoothing_weights
from netspec.kernels.cpu.incoming.augment_draws import (
    ADDRESS,
    COSINE,
    FLIP_X,
    FLIP_Y,
    LEFT,
    NO_TILE,
    SHIFT_X,
    SHIFT_Y,
    SINE,
    TOP,
    Draws,
    Incoming,
    draws_of,
    incoming,
    row,
)
from netspec.kernels.cpu.language.descriptor import Words, places
from netspec.kernels.cpu.language.jit import kernel, routine
from netspec.kernels.cpu.language.memory import floats_at, real, words_behind
from netspec.kernels.cpu.language.rows import Row, place
from netspec.kernels.cpu.language.samples import sample_bytes, sample_floats
from netspec.kernels.cpu.language.state import COUNT, MEAN, SCALE, SOURCE_BYTES, SOURCE_HEIGHT, SOURCE_WIDTH
from netspec.kernels.cpu.language.tile import lanes
from netspec.kernels.cpu.language.vector import (
    first_lanes,
    floor,
    fma,
    load,
    maximum,
    minimum,
    select,
    splat,
    store,
    to_integer,
)
from netspec.targets.cpu.program import Augmenting, Buffer


class Displaced(NamedTuple):
    """Noise smoothed along rows: first element, negative without distortion, and elements per group and per row.
    `weights` smooth it along columns and include the strength of the distortion; `reach` is their number after the
    first."""

    fields: int
    group: int
    across: int
    reach: int
    weights: tuple[float, ...]


class WarpImages(NamedTuple):
    """Words of `warp_images`."""

    draws: Draws
    into: Incoming
    displaced: Displaced


WARP = places(WarpImages)
NOT_DISPLACED = Displaced(fields=-1, group=0, across=0, reach=0, weights=(0.0,))


def warp_rows(augmenting: Augmenting, shape: tuple[int, int, int], into: Buffer) -> tuple[Row, ...]:
    """A row that fills the input with warped images."""
    height = shape[1]
    words = WarpImages(
        draws=draws_of(augmenting),
        into=incoming(into, shape),
        displaced=_displaced(augmenting, height),
    )
    reads = (augmenting.draws, *((augmenting.displacements,) if augmenting.displacements else ()))
    return (Row(warp_images, NO_TILE, words, height, per_group=True, reads=reads, writes=(into,)),)


def _displaced(augmenting: Augmenting, height: int) -> Displaced:
    if augmenting.displacements is None:
        return NOT_DISPLACED
    _, rows, across, lanes = augmenting.displacements.value.shape
    weights = smoothing_weights(augmenting.augmentation.smoothness, height)
    return Displaced(
        fields=place(augmenting.displacements),
        group=rows * across * lanes,
        across=across * lanes,
        reach=len(weights) - 1,
        weights=tuple(weight * augmenting.augmentation.distort for weight in weights),
    )


@routine
def _displacement(tile, arena, d, g, y, x):
    """(down, right) displacement of a pixel: a weighted sum over its own row and those above and below."""
    step = lanes(tile)
    at = d[WARP.displaced.fields] + g * d[WARP.displaced.group] + y * d[WARP.displaced.across] + 2 * x * step
    across = d[WARP.displaced.across]
    down = load(tile, arena, at) * real(d, WARP.displaced.weights)
    right = load(tile, arena, at + step) * real(d, WARP.displaced.weights)
    above, below = y, d[WARP.into.height] - 1 - y
    both, far = min(d[WARP.displaced.reach], above, below), min(d[WARP.displaced.reach], max(above, below))
    for k in range(1, both + 1):
        weight, jump = real(d, WARP.displaced.weights + k), k * across
        down = fma(load(tile, arena, at - jump) + load(tile, arena, at + jump), weight, down)
        right = fma(load(tile, arena, at + step - jump) + load(tile, arena, at + step + jump), weight, right)
    towards = -across if above > below else across
    for k in range(both + 1, far + 1):
        weight = real(d, WARP.displaced.weights + k)
        down = fma(load(tile, arena, at + k * towards), weight, down)
        right = fma(load(tile, arena, at + step + k * towards), weight, right)
    return down, right


@routine
def _source_place(tile, arena, d, state, g, y, x):
    """(y, x) in the source of pixel (y, x) of the result, clamped to one pixel around the source."""
    down, right = splat(tile, y), splat(tile, x)
    if d[WARP.displaced.fields] >= 0:
        move = _displacement(tile, arena, d, g, y, x)
        down, right = down + move[0], right + move[1]
    down = (down + load(tile, arena, row(tile, d, g, TOP))) * load(tile, arena, row(tile, d, g, FLIP_Y))
    right = (right + load(tile, arena, row(tile, d, g, LEFT))) * load(tile, arena, row(tile, d, g, FLIP_X))
    down = down - load(tile, arena, row(tile, d, g, SHIFT_Y))
    right = right - load(tile, arena, row(tile, d, g, SHIFT_X))
    cosine, sine = load(tile, arena, row(tile, d, g, COSINE)), load(tile, arena, row(tile, d, g, SINE))
    height, width = state[SOURCE_HEIGHT], state[SOURCE_WIDTH]
    place_y = fma(cosine, down, sine * right) + (height - 1) * 0.5
    place_x = fma(cosine, right, -(sine * down)) + (width - 1) * 0.5
    return minimum(maximum(place_y, -1.0), height), minimum(maximum(place_x, -1.0), width)


@routine
def _within(number, extent):
    return (number >= 0) & (number < extent)


@routine
def _nearest(number, extent):
    """`number` clamped to 0 … extent - 1."""
    low = select(number < 0, 0, number)
    return select(low < extent, low, extent - 1)


@routine
def _pixels(tile, state, addresses, offsets, inside, mean):
    """Pixels at `offsets`; the mean where they are outside the source."""
    if state[SOURCE_BYTES] == 1:
        return select(inside, sample_bytes(tile, addresses, offsets), mean)
    return select(inside, sample_floats(tile, addresses, offsets), mean)


@routine
def _between(a, b, part):
    return fma(part, b - a, a)


@routine
def _warp_pixel(tile, arena, d, state, g, y, x):
    """All channels of pixel (y, x) of a group's images. Lanes without an image get zeros."""
    height, width, step = state[SOURCE_HEIGHT], state[SOURCE_WIDTH], lanes(tile)
    place_y, place_x = _source_place(tile, arena, d, state, g, y, x)
    top, left = floor(place_y), floor(place_x)
    down, right = place_y - top, place_x - left
    y0, x0 = to_integer(top), to_integer(left)
    y1, x1 = y0 + 1, x0 + 1
    up_in, down_in = _within(y0, height), _within(y1, height)
    left_in, right_in = _within(x0, width), _within(x1, width)
    upper, lower = _nearest(y0, height) * width, _nearest(y1, height) * width
    x0, x1 = _nearest(x0, width), _nearest(x1, width)
    addresses, live = words_behind(arena, row(tile, d, g, ADDRESS)), first_lanes(tile, state[COUNT] - g * step)
    for c in range(d[WARP.into.channels]):
        plane, mean = c * height * width, floats_at(state[MEAN])[c]
        a = _pixels(tile, state, addresses, upper + x0 + plane, up_in & left_in, mean)
        b = _pixels(tile, state, addresses, upper + x1 + plane, up_in & right_in, mean)
        above = _between(a, b, right)
        a = _pixels(tile, state, addresses, lower + x0 + plane, down_in & left_in, mean)
        b = _pixels(tile, state, addresses, lower + x1 + plane, down_in & right_in, mean)
        value = (_between(above, _between(a, b, right), down) - mean) * floats_at(state[SCALE])[c]
        into = (
            d[WARP.into.place] + g * d[WARP.into.group] + c * d[WARP.into.plane] + (y * d[WARP.into.width] + x) * step
        )
        store(arena, into, select(live, value, 0.0))


@kernel
def warp_images(tile, arena, d: Words[WarpImages], state, begin, end, thread):
    """Unit: a row of a group."""
    for unit in range(begin, end):
        for x in range(d[WARP.into.width]):
            _warp_pixel(tile, arena, d, state, unit // d[WARP.into.height], unit % d[WARP.into.height], x)
