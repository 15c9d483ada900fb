"""The weight gradient of a convolution: products of input and cotangent summed over all images and positions.

A register tile holds lane-wise sums over whole planes of all groups; a fixed tree adds the lanes at the end. Its rows
are output channels. Its columns are the taps of a kernel row, if there are more than two and registers hold them: a
plane of the input and the planes of the cotangents then stay in the cache for all kernel rows. Else its columns are
input channels, and many tiles share a band of the planes before the next band.

Few tiles divide unevenly among threads, and every thread would read what all have written. So the launch of a small
gradient has scratch for the sums of each group: the thread that computed the cotangents of a group sums it.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from dataclasses import replace
from math import isqrt
from typing import NamedTuple

from netspec.diagnostics.failure import CompilerBug
from netspec.ir import operations as ops
from netspec.ir.memory import FLOAT_BYTES
from netspec.ir.operations import Window
from netspec.kernels.cpu.language.descriptor import Words, places
from netspec.kernels.cpu.language.jit import kernel, routine
from netspec.kernels.cpu.language.planes import Map, Planes, planes
from netspec.kernels.cpu.language.products import RUN, accumulate, cross, cross_inside, cross_run
from netspec.kernels.cpu.language.rows import Row, place
from netspec.kernels.cpu.language.state import GROUPS, SCRATCH
from netspec.kernels.cpu.language.tile import columns, lane_sums, lanes, load, rows, save, zeros
from netspec.kernels.cpu.sliding.clipping import first_output, first_tap, last_output, last_tap
from netspec.kernels.cpu.sliding.depthwise_rows import depthwise_weight_gradient_rows
from netspec.kernels.cpu.sliding.geometry import forward_axis
from netspec.kernels.cpu.winograd.weight_gradient_rows import winograd_weight_gradient_rows
from netspec.targets.cpu.program import Launch, Program


class WeightGradient(NamedTuple):
    """Words of `sum_taps`, and the first ones of the others. Strides count float32 numbers."""

    x: Map
    dy: Map
    taps_y: int
    taps_x: int
    dilation_y: int
    dilation_x: int
    stride_y: int
    stride_x: int
    before_y: int
    before_x: int
    dw: int
    inputs: int
    outputs: int


class ByGroups(NamedTuple):
    """Words of `sum_group_taps` and `add_groups`: places of the sums of each group, and number of tiles of a group."""

    gradient: WeightGradient
    sums: int
    tiles: int


class ByBands(NamedTuple):
    """Words of `sum_channels`: blocks of inputs in a stripe, units summed together, rows of a band."""

    gradient: WeightGradient
    stripe: int
    chunk_units: int
    band: int


LONG_ROW = 64
GRADIENT, GROUPED, BANDED = places(WeightGradient), places(ByGroups), places(ByBands)


def weight_gradient_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    """ConvolutionWeightGradient: one row whose units are tiles of the gradient; or one row for the sums of the groups
    and one that adds them."""
    op = launch.operation
    assert isinstance(op, ops.ConvolutionWeightGradient)
    (x, dy), dw, tile = launch.inputs, launch.outputs[0], launch.tile
    source, cotangent = planes(x, program), planes(dy, program)
    if launch.algorithm == "winograd":
        return winograd_weight_gradient_rows(launch, program, op.window, source, cotangent)
    if launch.algorithm == "depthwise":
        return depthwise_weight_gradient_rows(launch, program, op.window, source, cotangent)
    if op.window == Window((1, 1)):
        source, cotangent = _in_long_rows(source), _in_long_rows(cotangent)
    k, inputs, *_ = dw.value.shape
    outputs = k // op.groups
    blocks = op.groups * -(-outputs // tile.rows)
    vertical = forward_axis(op.window, 0, source.height, cotangent.height)
    horizontal = forward_axis(op.window, 1, source.width, cotangent.width)
    words = WeightGradient(
        x=source.map,
        dy=cotangent.map,
        taps_y=vertical.taps,
        taps_x=horizontal.taps,
        dilation_y=vertical.dilation,
        dilation_x=horizontal.dilation,
        stride_y=vertical.stride,
        stride_x=horizontal.stride,
        before_y=vertical.before,
        before_x=horizontal.before,
        dw=place(dw),
        inputs=inputs,
        outputs=outputs,
    )
    if launch.algorithm == "direct_channels":
        return (_by_bands(launch, program, words, source, cotangent),)
    if tile.columns != horizontal.taps:
        raise CompilerBug(f"the columns of the tile of `{launch.layer}` are not the taps of a kernel's row")
    if launch.algorithm == "direct_taps_by_group":
        return _by_groups(launch, program, words, blocks * inputs * vertical.taps)
    return (Row(sum_taps, tile, words, blocks * inputs),)


def _in_long_rows(map_: Planes) -> Planes:
    """A map with so many of its rows as one that they have LONG_ROW positions: a sum over positions without windows
    needs no rows, and each costs some cycles."""
    divisors = (k for k in range(1, map_.height + 1) if map_.height % k == 0)
    together = next(k for k in divisors if k * map_.width >= LONG_ROW or k == map_.height)
    return replace(map_, height=map_.height // together, width=map_.width * together)


def _by_bands(launch: Launch, program: Program, gradient: WeightGradient, x: Planes, dy: Planes) -> Row:
    """Units are summed together in batches as large as the scratch has tiles for, about as many blocks of outputs as of
    inputs. A band of the planes that they read fills half of the L2 cache."""
    op, tile, (k, inputs, taps_y, taps_x) = launch.operation, launch.tile, launch.outputs[0].value.shape
    assert isinstance(op, ops.ConvolutionWeightGradient)
    vector_bytes, cache_bytes = FLOAT_BYTES * program.target.lanes, program.target.l2_bytes
    unit_bytes, across = taps_y * taps_x * tile.rows * tile.columns * vector_bytes, -(-inputs // tile.columns)
    units = op.groups * -(-(k // op.groups) // tile.rows) * across
    chunk_units = min(units, max(unit_bytes, min(program.thread_bytes, cache_bytes // 4)) // unit_bytes)
    if program.thread_bytes < unit_bytes:
        raise CompilerBug(f"the threads have too little scratch for a tile of `{launch.layer}`")
    stripe = min(across, isqrt(chunk_units))
    row = stripe * tile.columns * op.window.stride[0] * x.width + chunk_units // stripe * tile.rows * dy.width
    band = max(1, cache_bytes // 2 // (vector_bytes * row))
    return Row(sum_channels, tile, ByBands(gradient=gradient, stripe=stripe, chunk_units=chunk_units, band=band), units)


def _by_groups(launch: Launch, program: Program, gradient: WeightGradient, tiles: int) -> tuple[Row, ...]:
    """One row stores the sums of each group in its part of the scratch, one adds them over the groups."""
    scratch, tile = launch.scratch, launch.tile
    group_floats = tiles * tile.rows * tile.columns * program.target.lanes
    if scratch is None or scratch.size_bytes < FLOAT_BYTES * group_floats * program.groups:
        raise CompilerBug(f"the launch of `{launch.layer}` has too little scratch for {program.groups} groups")
    words = ByGroups(gradient=gradient, sums=place(scratch), tiles=tiles)
    sums = (replace(scratch, group_stride=group_floats),)
    return (
        Row(sum_group_taps, tile, words, tiles, per_group=True, reads=launch.inputs, writes=sums, sums=True),
        Row(add_groups, tile, words, tiles, reads=(scratch,), writes=launch.outputs),
    )


@routine
def _sum_row(tile, registers, arena, d, x, dy, low, high):
    """Adds the products along an output row; outputs `low` … `high` see the whole kernel row. x is the place of tap 0
    of output 0."""
    stride, dilation, width = d[GRADIENT.stride_x], d[GRADIENT.dilation_x], d[GRADIENT.dy.width]
    across, step, dy_channel = stride * lanes(tile), dilation * lanes(tile), d[GRADIENT.dy.channel]
    run = RUN if stride == 1 and dilation == 1 else width + 1
    column = 0
    while column < width:
        while low <= column and column + run <= high:
            registers = cross_run(registers, arena, x, dy, dy_channel)
            x += run * across
            dy += run * lanes(tile)
            column += run
        while low <= column < high:
            registers = cross(registers, arena, x, step, dy, dy_channel)
            x += across
            dy += lanes(tile)
            column += 1
        if column < width:
            position = column * stride - d[GRADIENT.before_x]
            j0, j1 = first_tap(position, dilation), last_tap(position, dilation, columns(tile), d[GRADIENT.x.width])
            registers = cross_inside(registers, arena, x, step, j0, j1, dy, dy_channel)
            x += across
            dy += lanes(tile)
            column += 1
    return registers


@routine
def _tile_of(tile, d, unit):
    """Group of channels, first output channel in it, and input channel of a unit. The last block of output channels
    begins early enough to be whole; channels shared with the block before get equal sums."""
    inputs, outputs = d[GRADIENT.inputs], d[GRADIENT.outputs]
    blocks = (outputs + rows(tile) - 1) // rows(tile)
    q = unit // (inputs * blocks)
    return q, q * outputs + min(unit // inputs % blocks * rows(tile), outputs - rows(tile)), unit % inputs


@routine
def _interior(tile, d):
    """The outputs of a row that see the whole kernel row: the first, and one past the last."""
    low = first_output(-d[GRADIENT.before_x], d[GRADIENT.stride_x], d[GRADIENT.dy.width])
    offset = d[GRADIENT.dilation_x] * (columns(tile) - 1) - d[GRADIENT.before_x]
    return low, max(low, last_output(offset, d[GRADIENT.stride_x], d[GRADIENT.dy.width], d[GRADIENT.x.width]))


@routine
def _sum_kernel_row(tile, registers, arena, d, g, q, k, c, i, low, high):
    """Adds the products of lane group g for row i of the kernel."""
    plane = (
        d[GRADIENT.x.place]
        + g * d[GRADIENT.x.group]
        + (q * d[GRADIENT.inputs] + c) * d[GRADIENT.x.channel]
        - d[GRADIENT.before_x] * lanes(tile)
    )
    cotangents = d[GRADIENT.dy.place] + g * d[GRADIENT.dy.group] + k * d[GRADIENT.dy.channel]
    offset = i * d[GRADIENT.dilation_y] - d[GRADIENT.before_y]
    first = first_output(offset, d[GRADIENT.stride_y], d[GRADIENT.dy.height])
    for y in range(first, last_output(offset, d[GRADIENT.stride_y], d[GRADIENT.dy.height], d[GRADIENT.x.height])):
        x, dy = plane + (y * d[GRADIENT.stride_y] + offset) * d[GRADIENT.x.row], cotangents + y * d[GRADIENT.dy.row]
        registers = _sum_row(tile, registers, arena, d, x, dy, low, high)
    return registers


@routine
def _finish(tile, registers, arena, d, k, c, i):
    """Adds the lanes of a tile and writes it."""
    taps = d[GRADIENT.taps_y] * columns(tile)
    into = d[GRADIENT.dw] + (k * d[GRADIENT.inputs] + c) * taps + i * columns(tile)
    lane_sums(registers, arena, into, d[GRADIENT.inputs] * taps, 1)


@kernel
def sum_taps(tile, arena, d: Words[WeightGradient], state, begin, end, thread):
    """Columns are the taps of a kernel row. Unit: an input channel of a block of output channels.

    The loop over groups is outside the loop over kernel rows; the thread's scratch holds the tiles of all kernel rows.
    """
    across, groups = columns(tile) * lanes(tile), state[GROUPS]
    low, high = _interior(tile, d)
    for unit in range(begin, end):
        q, k, c = _tile_of(tile, d, unit)
        for g in range(groups):
            for i in range(d[GRADIENT.taps_y]):
                partial = state[SCRATCH] + i * rows(tile) * across
                registers = zeros(tile)
                if g > 0:
                    registers = load(tile, arena, partial, across, lanes(tile), rows(tile))
                registers = _sum_kernel_row(tile, registers, arena, d, g, q, k, c, i, low, high)
                if g < groups - 1:
                    save(registers, arena, partial, across, lanes(tile), rows(tile))
                else:
                    _finish(tile, registers, arena, d, k, c, i)


@kernel
def sum_group_taps(tile, arena, d: Words[ByGroups], state, begin, end, thread):
    """Columns are the taps of a kernel row. Unit: a kernel row of an input channel of a block of output channels of a
    lane group. Its tile is stored in the launch's scratch."""
    across = columns(tile) * lanes(tile)
    low, high = _interior(tile, d)
    for unit in range(begin, end):
        g = unit // d[GROUPED.tiles]
        number = unit - g * d[GROUPED.tiles]
        q, k, c = _tile_of(tile, d, number // d[GRADIENT.taps_y])
        i = number % d[GRADIENT.taps_y]
        registers = _sum_kernel_row(tile, zeros(tile), arena, d, g, q, k, c, i, low, high)
        save(registers, arena, d[GROUPED.sums] + unit * rows(tile) * across, across, lanes(tile), rows(tile))


@kernel
def add_groups(tile, arena, d: Words[ByGroups], state, begin, end, thread):
    """Unit: one tile, added over the groups of `sum_group_taps`."""
    across = columns(tile) * lanes(tile)
    for unit in range(begin, end):
        registers = zeros(tile)
        for g in range(state[GROUPS]):
            partial = d[GROUPED.sums] + (g * d[GROUPED.tiles] + unit) * rows(tile) * across
            registers = accumulate(registers, arena, partial, across, lanes(tile))
        _, k, c = _tile_of(tile, d, unit // d[GRADIENT.taps_y])
        _finish(tile, registers, arena, d, k, c, unit % d[GRADIENT.taps_y])


@routine
def _sum_tap(tile, registers, arena, d, q, k, c, tap, begin, end):
    """Adds the products of output rows begin … end, numbered through all groups, for one tap. Tile rows are output
    channels from k on, columns input channels from c on."""
    step = lanes(tile)
    x_channel = d[GRADIENT.x.channel]
    dy_channel = d[GRADIENT.dy.channel]
    x_step = d[GRADIENT.stride_x] * lanes(tile)
    offset_y = tap // d[GRADIENT.taps_x] * d[GRADIENT.dilation_y] - d[GRADIENT.before_y]
    offset_x = tap % d[GRADIENT.taps_x] * d[GRADIENT.dilation_x] - d[GRADIENT.before_x]
    x0 = first_output(offset_x, d[GRADIENT.stride_x], d[GRADIENT.dy.width])
    x1 = last_output(offset_x, d[GRADIENT.stride_x], d[GRADIENT.dy.width], d[GRADIENT.x.width])
    y0 = first_output(offset_y, d[GRADIENT.stride_y], d[GRADIENT.dy.height])
    y1 = last_output(offset_y, d[GRADIENT.stride_y], d[GRADIENT.dy.height], d[GRADIENT.x.height])
    plane = (
        d[GRADIENT.x.place] + (q * d[GRADIENT.inputs] + c) * x_channel + (x0 * d[GRADIENT.stride_x] + offset_x) * step
    )
    for row in range(begin, end):
        g, y = row // d[GRADIENT.dy.height], row % d[GRADIENT.dy.height]
        if y < y0 or y >= y1:
            continue
        x = plane + g * d[GRADIENT.x.group] + (y * d[GRADIENT.stride_y] + offset_y) * d[GRADIENT.x.row]
        dy = d[GRADIENT.dy.place] + g * d[GRADIENT.dy.group] + k * dy_channel + y * d[GRADIENT.dy.row] + x0 * step
        for _ in range(x0, x1):
            registers = cross(registers, arena, x, x_channel, dy, dy_channel)
            x += x_step
            dy += step
    return registers


@routine
def _block_of(tile, d, unit):
    """Group of channels, first output channel and first input channel of a unit. Units are ordered by stripes of
    `stripe` blocks of inputs, and by blocks of outputs within a stripe. The last blocks begin early enough to be whole.
    """
    inputs, outputs = d[GRADIENT.inputs], d[GRADIENT.outputs]
    blocks, across = (outputs + rows(tile) - 1) // rows(tile), (inputs + columns(tile) - 1) // columns(tile)
    q, n = unit // (across * blocks), unit % (across * blocks)
    stripe = n // (blocks * d[BANDED.stripe]) * d[BANDED.stripe]
    wide, n = min(d[BANDED.stripe], across - stripe), n - stripe * blocks
    k, c = min(n // wide * rows(tile), outputs - rows(tile)), (stripe + n % wide) * columns(tile)
    return q, q * outputs + k, min(c, inputs - columns(tile))


@kernel
def sum_channels(tile, arena, d: Words[ByBands], state, begin, end, thread):
    """Columns are input channels. Unit: a block of input channels of a block of output channels.

    The loop over bands of rows is outside the loop over `at_once` units, whose tiles are in the thread's scratch: the
    rows of a band stay in the cache for all of them.
    """
    taps = d[GRADIENT.taps_y] * d[GRADIENT.taps_x]
    across = columns(tile) * lanes(tile)
    height = state[GROUPS] * d[GRADIENT.dy.height]
    first = begin
    while first < end:
        last, row = min(first + d[BANDED.chunk_units], end), 0
        while row < height:
            below = min(row + d[BANDED.band], height)
            for number in range((last - first) * taps):
                q, k, c = _block_of(tile, d, first + number // taps)
                tap, partial = number % taps, state[SCRATCH] + number * rows(tile) * across
                registers = zeros(tile)
                if row > 0:
                    registers = load(tile, arena, partial, across, lanes(tile), rows(tile))
                registers = _sum_tap(tile, registers, arena, d, q, k, c, tap, row, below)
                if below < height:
                    save(registers, arena, partial, across, lanes(tile), rows(tile))
                else:
                    into = d[GRADIENT.dw] + (k * d[GRADIENT.inputs] + c) * taps + tap
                    lane_sums(registers, arena, into, d[GRADIENT.inputs] * taps, taps)
            row = below
        first = last
