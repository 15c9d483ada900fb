"""Displacement noise of the smooth local distortion, drawn and smoothed along rows; `warp.py` smooths along columns."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from typing import NamedTuple

from netspec.diagnostics.failure import CompilerBug
from netspec.ir.augmentation import STREAMS, smoothing_weights
from netspec.ir.memory import FLOAT_BYTES
from netspec.kernels.cpu.incoming.augment_draws import IMAGE, NO_TILE, TWO_FRACTIONS, Draws, draws_of, row
from netspec.kernels.cpu.language.descriptor import Words, places
from netspec.kernels.cpu.language.jit import kernel, routine
from netspec.kernels.cpu.language.memory import real
from netspec.kernels.cpu.language.random import philox
from netspec.kernels.cpu.language.rows import Row, place
from netspec.kernels.cpu.language.state import EPOCH, SCRATCH, SEED
from netspec.kernels.cpu.language.tile import lanes
from netspec.kernels.cpu.language.vector import fma, load, load_integers, splat, splat_integer, store, to_float
from netspec.targets.cpu.program import Augmenting, Program


class DisplaceImages(NamedTuple):
    """Words of `displace_images`: first element of the smoothed noise, its elements per group and per row, and `reach`,
    the number of weights after the first."""

    draws: Draws
    height: int
    width: int
    fields: int
    group: int
    across: int
    stream: int
    reach: int
    weights: tuple[float, ...]


DISPLACE = places(DisplaceImages)


def displace_rows(augmenting: Augmenting, shape: tuple[int, int, int], program: Program) -> tuple[Row, ...]:
    """A row that fills the displacements, smoothed along rows, of strength one; none without distortion."""
    if augmenting.displacements is None:
        return ()
    _, height, width = shape
    _, rows, across, lanes = augmenting.displacements.value.shape
    weights = smoothing_weights(augmenting.augmentation.smoothness, width)
    reach = len(weights) - 1
    noise_bytes = 2 * FLOAT_BYTES * lanes * (width + 2 * reach + 1)
    if (rows, across) != (height, 2 * width + 1) or program.thread_bytes < noise_bytes:
        raise CompilerBug(f"memory for displacements of {rows} x {across} vectors does not fit images of {shape}")
    words = DisplaceImages(
        draws=draws_of(augmenting),
        height=height,
        width=width,
        fields=place(augmenting.displacements),
        group=rows * across * lanes,
        across=across * lanes,
        stream=STREAMS["distort"],
        reach=reach,
        weights=tuple(weights),
    )
    reads, writes = (augmenting.draws,), (augmenting.displacements,)
    return (Row(displace_images, NO_TILE, words, height, per_group=True, reads=reads, writes=writes),)


@routine
def _each_way(word):
    """A random word as uniform numbers, -1 <= u < 1."""
    return fma(to_float(word >> 8), TWO_FRACTIONS, -1.0)


@routine
def _draw_row(tile, arena, d, state, g, y, at):
    """One row of noise at `at`: pairs of (down, right) per pixel; an odd width gets one pixel more."""
    images = load_integers(tile, arena, row(tile, d, g, IMAGE))
    epoch, stream = splat_integer(tile, state[EPOCH]), splat_integer(tile, d[DISPLACE.stream])
    pairs, step = (d[DISPLACE.width] + 1) // 2, lanes(tile)
    for k in range(pairs):
        drawn = philox(images, epoch, splat_integer(tile, y * pairs + k), stream, state[SEED])
        store(arena, at + 4 * k * step, _each_way(drawn[0]))
        store(arena, at + (4 * k + 1) * step, _each_way(drawn[1]))
        store(arena, at + (4 * k + 2) * step, _each_way(drawn[2]))
        store(arena, at + (4 * k + 3) * step, _each_way(drawn[3]))


@routine
def _clear(tile, arena, begin, end):
    for at in range(begin, end, lanes(tile)):
        store(arena, at, splat(tile, 0.0))


@routine
def _smooth_row(tile, arena, d, at, into):
    """Weighted sums over `reach` pixels on both sides; `at` is the first pixel, with zeros before and after the row."""
    step = lanes(tile)
    for x in range(0, 2 * d[DISPLACE.width] * step, 2 * step):
        down = load(tile, arena, at + x) * real(d, DISPLACE.weights)
        right = load(tile, arena, at + x + step) * real(d, DISPLACE.weights)
        for k in range(1, d[DISPLACE.reach] + 1):
            before, behind, weight = at + x - 2 * k * step, at + x + 2 * k * step, real(d, DISPLACE.weights + k)
            down = fma(load(tile, arena, before) + load(tile, arena, behind), weight, down)
            right = fma(load(tile, arena, before + step) + load(tile, arena, behind + step), weight, right)
        store(arena, into + x, down)
        store(arena, into + x + step, right)


@kernel
def displace_images(tile, arena, d: Words[DisplaceImages], state, begin, end, thread):
    """Unit: a row of a group. The thread's scratch holds the row of noise, padded with zeros."""
    margin, across = 2 * d[DISPLACE.reach] * lanes(tile), 2 * d[DISPLACE.width] * lanes(tile)
    at = state[SCRATCH] + margin
    for unit in range(begin, end):
        g, y = unit // d[DISPLACE.height], unit % d[DISPLACE.height]
        _draw_row(tile, arena, d, state, g, y, at)
        _clear(tile, arena, at - margin, at)
        _clear(tile, arena, at + across, at + across + margin)
        _smooth_row(tile, arena, d, at, d[DISPLACE.fields] + g * d[DISPLACE.group] + y * d[DISPLACE.across])
