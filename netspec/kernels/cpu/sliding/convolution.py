"""Convolution and its input gradient: one kernel slides a register tile over the rows of an output.

The rows of a tile are output channels, its columns neighbouring positions of an output row. Weights are packed first,
so that the factors of a tile are contiguous: [group of channels][block][input][i][j][rows].
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from typing import NamedTuple

from netspec.kernels.cpu.language.descriptor import Operand, Words, places
from netspec.kernels.cpu.language.jit import kernel, routine
from netspec.kernels.cpu.language.planes import NO_BIAS, UNPOOLED, Map
from netspec.kernels.cpu.language.products import outer, outer_inside, outer_run_3, outer_run_5
from netspec.kernels.cpu.language.state import SCRATCH
from netspec.kernels.cpu.language.tile import columns, lanes, load, narrow, prefetch, rectify, rows, save, spread, zeros
from netspec.kernels.cpu.layers.activations import RELU
from netspec.kernels.cpu.layers.max_pool import NO_INDEX, halve
from netspec.kernels.cpu.sliding.clipping import first_output, first_tap, last_output, last_tap


class Pooled(NamedTuple):
    """Destination of the maximum of each 2x2 of two rows, and of its index."""

    place: int
    group: int
    channel: int
    row: int
    index: Operand


class Slide(NamedTuple):
    """Words of `slide`. Strides count float32 numbers. A unit is `strip` rows of an output: one, stored at `y`, or two,
    kept in the thread's scratch until they are pooled."""

    x: Map
    y: int
    y_group: int
    y_channel: int
    y_row: int
    y_column: int
    strips: int
    out_width: int
    taps_y: int
    taps_x: int
    dilation_y: int
    dilation_x: int
    stride_y: int
    stride_x: int
    before_y: int
    before_x: int
    weights: int
    inputs: int
    outputs: int
    channel_groups: int
    input_block: int
    segment: int
    bias: int
    activation: int
    strip: int
    pooled: Pooled


SLIDE = places(Slide)
NOT_POOLED = Pooled(place=0, group=0, channel=0, row=0, index=UNPOOLED.index)


@routine
def _started(tile, arena, d, y, bias, first, count):
    """A tile before its sums, of channels from number `first` on: the output holds the sums of earlier ones."""
    registers = zeros(tile)
    if first > 0:
        registers = load(tile, arena, y, d[SLIDE.y_channel], d[SLIDE.y_column], count)
    else:
        prefetch(tile, arena, y, d[SLIDE.y_channel], d[SLIDE.y_column], count)
        if bias >= 0:
            registers = spread(tile, arena, bias, count)
    return registers


@routine
def _finish(registers, arena, d, y, last, count):
    """Stores a tile that holds the sums of all channels below number `last`."""
    if d[SLIDE.activation] == RELU and last == d[SLIDE.inputs]:
        registers = rectify(registers)
    save(registers, arena, y, d[SLIDE.y_channel], d[SLIDE.y_column], count)


@routine
def _slide_whole(tile, arena, d, x, y, w, bias, first, inputs, count, i0, i1):
    """One tile of outputs whose kernel rows are inside the input, over the kernel rows i0 … i1 of `inputs` channels,
    from channel number `first` on. x and w are the places of tap 0, 0 of the first channel."""
    registers = _started(tile, arena, d, y, bias, first, count)
    taps, x_row = d[SLIDE.taps_x], d[SLIDE.dilation_y] * d[SLIDE.x.row]
    w_row = taps * rows(tile)
    x += i0 * x_row
    w += i0 * w_row
    plain = d[SLIDE.stride_x] == 1 and d[SLIDE.dilation_x] == 1
    for _ in range(inputs):
        at, factors = x, w
        if plain and taps == 3:
            for _ in range(i0, i1):
                registers = outer_run_3(registers, arena, at, factors)
                at += x_row
                factors += w_row
        elif plain and taps == 5:
            for _ in range(i0, i1):
                registers = outer_run_5(registers, arena, at, factors)
                at += x_row
                factors += w_row
        else:
            for _ in range(i0, i1):
                for j in range(taps):
                    tap = at + j * d[SLIDE.dilation_x] * lanes(tile)
                    step = d[SLIDE.stride_x] * lanes(tile)
                    registers = outer(registers, arena, tap, step, factors + j * rows(tile))
                at += x_row
                factors += w_row
        x += d[SLIDE.x.channel]
        w += d[SLIDE.taps_y] * w_row
    _finish(registers, arena, d, y, first + inputs, count)


@routine
def _slide_border(tile, arena, d, x, y, w, bias, first, inputs, count, i0, i1, position):
    """The same for neighbouring positions, of which the first has its tap 0 at column `position` of the input: each is
    summed over its taps on real inputs."""
    registers = _started(tile, arena, d, y, bias, first, count)
    for c in range(inputs):
        for i in range(i0, i1):
            at = x + c * d[SLIDE.x.channel] + i * d[SLIDE.dilation_y] * d[SLIDE.x.row]
            factors = w + (c * d[SLIDE.taps_y] + i) * d[SLIDE.taps_x] * rows(tile)
            inside = position
            for _ in range(d[SLIDE.taps_x]):
                registers = outer_inside(registers, arena, at, lanes(tile), -inside, d[SLIDE.x.width] - inside, factors)
                at += d[SLIDE.dilation_x] * lanes(tile)
                factors += rows(tile)
                inside += d[SLIDE.dilation_x]
    _finish(registers, arena, d, y, first + inputs, count)


@routine
def _slide_single(tile, arena, d, x, y, w, bias, first, inputs, count, i0, i1, j0, j1):
    """The same for one position, over the taps j0 … j1 of its kernel rows."""
    registers = _started(tile, arena, d, y, bias, first, count)
    for c in range(inputs):
        for i in range(i0, i1):
            at = x + c * d[SLIDE.x.channel] + i * d[SLIDE.dilation_y] * d[SLIDE.x.row]
            factors = w + (c * d[SLIDE.taps_y] + i) * d[SLIDE.taps_x] * rows(tile)
            for j in range(j0, j1):
                tap = at + j * d[SLIDE.dilation_x] * lanes(tile)
                registers = outer(registers, arena, tap, lanes(tile), factors + j * rows(tile))
    _finish(registers, arena, d, y, first + inputs, count)


@routine
def _slide_columns(tile, arena, d, column, low, high, x, y, w, bias, first, inputs, count, i0, i1):
    """The same for the positions from `column` on that one tile sums, as `_slide_row` says; returns how many. x and y
    are the places of column 0."""
    stride, dilation, taps = d[SLIDE.stride_x], d[SLIDE.dilation_x], d[SLIDE.taps_x]
    position = column * stride - d[SLIDE.before_x]
    x += position * lanes(tile)
    y += column * d[SLIDE.y_column]
    wide = columns(tile) > 1 and column + columns(tile) <= d[SLIDE.out_width]
    if wide and low <= column and column + columns(tile) <= high:
        _slide_whole(tile, arena, d, x, y, w, bias, first, inputs, count, i0, i1)
        return columns(tile)
    if wide and stride == 1:
        _slide_border(tile, arena, d, x, y, w, bias, first, inputs, count, i0, i1, position)
        return columns(tile)
    j0, j1 = first_tap(position, dilation), last_tap(position, dilation, taps, d[SLIDE.x.width])
    _slide_single(narrow(tile), arena, d, x, y, w, bias, first, inputs, count, i0, i1, j0, j1)
    return 1


@routine
def _slide_row(tile, arena, d, group, row, result):
    """All output channels of row `row` of a group of images, stored from the place of channel 0 on.

    Positions `low` … `high` have whole windows. Without a stride, tiles at the borders sum each position over its taps
    on real inputs; otherwise these positions, and remainders of tiles, are summed one at a time. All blocks of outputs
    are summed for `segment` positions before the next segment, so that their inputs stay in the L2 cache. With several
    blocks of input channels the output holds the sums of earlier ones.
    """
    out_width, width, stride, before = d[SLIDE.out_width], d[SLIDE.x.width], d[SLIDE.stride_x], d[SLIDE.before_x]
    taps, dilation = d[SLIDE.taps_x], d[SLIDE.dilation_x]
    low = first_output(-before, stride, out_width)
    high = last_output(dilation * (taps - 1) - before, stride, out_width, width)
    blocks = (d[SLIDE.outputs] + rows(tile) - 1) // rows(tile)
    passes = (d[SLIDE.inputs] + d[SLIDE.input_block] - 1) // d[SLIDE.input_block]
    position_y = row * d[SLIDE.stride_y] - d[SLIDE.before_y]
    i0 = first_tap(position_y, d[SLIDE.dilation_y])
    i1 = last_tap(position_y, d[SLIDE.dilation_y], d[SLIDE.taps_y], d[SLIDE.x.height])
    start = 0
    while start < out_width:
        column = start
        for part in range(d[SLIDE.channel_groups] * passes * blocks):
            b, first, q = part % blocks, part // blocks % passes * d[SLIDE.input_block], part // (blocks * passes)
            inputs = min(d[SLIDE.input_block], d[SLIDE.inputs] - first)
            count = min(rows(tile), d[SLIDE.outputs] - b * rows(tile))
            k = q * d[SLIDE.outputs] + b * rows(tile)
            bias = d[SLIDE.bias] + k if d[SLIDE.bias] >= 0 else NO_BIAS
            w = d[SLIDE.weights] + ((q * blocks + b) * d[SLIDE.inputs] + first) * d[SLIDE.taps_y] * taps * rows(tile)
            x = (
                d[SLIDE.x.place]
                + group * d[SLIDE.x.group]
                + (q * d[SLIDE.inputs] + first) * d[SLIDE.x.channel]
                + position_y * d[SLIDE.x.row]
            )
            y = result + k * d[SLIDE.y_channel]
            column = start
            while column < min(start + d[SLIDE.segment], out_width):
                column += _slide_columns(tile, arena, d, column, low, high, x, y, w, bias, first, inputs, count, i0, i1)
        start = column


@routine
def _pool_strip(tile, arena, d, group, n, strip):
    """Maxima of each whole 2x2 of two rows, stored as row n of all channels."""
    y = d[SLIDE.pooled.place] + group * d[SLIDE.pooled.group] + n * d[SLIDE.pooled.row]
    index = d[SLIDE.pooled.index.place] + group * d[SLIDE.pooled.index.group] + n * d[SLIDE.pooled.row]
    for _ in range(d[SLIDE.channel_groups] * d[SLIDE.outputs]):
        halve(
            tile,
            arena,
            strip,
            d[SLIDE.y_row],
            2,
            d[SLIDE.out_width],
            y,
            index,
            d[SLIDE.pooled.row],
            d[SLIDE.pooled.index.place] != NO_INDEX,
        )
        strip += d[SLIDE.y_channel]
        y += d[SLIDE.pooled.channel]
        index += d[SLIDE.pooled.channel]


@kernel
def slide(tile, arena, d: Words[Slide], state, begin, end, thread):
    """The sliding sum. Unit: an output row of a group of images, or two that are pooled while they are in the cache."""
    for unit in range(begin, end):
        group, n = unit // d[SLIDE.strips], unit % d[SLIDE.strips]
        pooled = d[SLIDE.strip] > 1
        result = state[SCRATCH] if pooled else d[SLIDE.y] + group * d[SLIDE.y_group] + n * d[SLIDE.y_row]
        for r in range(d[SLIDE.strip]):
            _slide_row(tile, arena, d, group, n * d[SLIDE.strip] + r, result + r * d[SLIDE.y_row])
        if pooled:
            _pool_strip(tile, arena, d, group, n, result)
