"""Matrix products of dense layers. Lanes hold images in the forward product and the input gradient, and input features
in the weight gradient.

In the forward product and the input gradient, a tile's columns are lane groups, so a weight is loaded once for several
groups. Long sums are cut into blocks of inputs that fit the first cache; partial sums are stored in the output.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from typing import NamedTuple

from netspec.kernels.cpu.language.descriptor import Operand, Words, places
from netspec.kernels.cpu.language.jit import kernel, routine
from netspec.kernels.cpu.language.planes import NO_BIAS
from netspec.kernels.cpu.language.products import outer_apart, outer_clamped, outer_lane
from netspec.kernels.cpu.language.state import COUNT, GROUPS, SCRATCH
from netspec.kernels.cpu.language.tile import columns, lanes, load, narrow, rectify, rows, save, spread, zeros
from netspec.kernels.cpu.language.transpose import transpose_square
from netspec.kernels.cpu.layers.activations import RELU


class Multiply(NamedTuple):
    """Words of `multiply`. `w_output` and `w_input` are the weights' strides of outputs and inputs."""

    x: Operand
    y: Operand
    w: int
    w_output: int
    w_input: int
    inputs: int
    outputs: int
    input_block: int
    column_blocks: int
    bias: int
    activation: int


class Transposed(NamedTuple):
    """A transposed copy, [image][feature]: first element, stride of images, number of features."""

    place: int
    image: int
    features: int


class Transpose(NamedTuple):
    """Words of `transpose`."""

    copy: Transposed
    source: Operand


class GradientSum(NamedTuple):
    """Words of `gradient_sums`, the first of the kernels that call it."""

    x: Transposed
    dy: Operand


class DenseGradient(NamedTuple):
    """Words of `weight_gradient`."""

    sum: GradientSum
    dw: int
    outputs: int


MULTIPLY, TRANSPOSE, SUM, GRADIENT = places(Multiply), places(Transpose), places(GradientSum), places(DenseGradient)


@routine
def _multiply_tile(tile, arena, d, x, y, w, bias, first, inputs, count):
    """y of one tile from features first … first + inputs - 1; for first > 0, y already holds the earlier sums."""
    if first > 0:
        registers = load(tile, arena, y, lanes(tile), d[MULTIPLY.y.group], count)
    elif bias >= 0:
        registers = spread(tile, arena, bias, count)
    else:
        registers = zeros(tile)
    x_group, w_output, w_input = d[MULTIPLY.x.group], d[MULTIPLY.w_output], d[MULTIPLY.w_input]
    if count == rows(tile):
        for _ in range(inputs):
            registers = outer_apart(registers, arena, x, x_group, w, w_output)
            x += lanes(tile)
            w += w_input
    else:
        for _ in range(inputs):
            registers = outer_clamped(registers, arena, x, x_group, w, w_output, count)
            x += lanes(tile)
            w += w_input
    if d[MULTIPLY.activation] == RELU and first + inputs == d[MULTIPLY.inputs]:
        registers = rectify(registers)
    save(registers, arena, y, lanes(tile), d[MULTIPLY.y.group], count)


@kernel
def multiply(tile, arena, d: Words[Multiply], state, begin, end, thread):
    """y[output][image] = sum over inputs of w[output][input] * x[input][image], plus bias, then relu if asked for.

    Unit: one tile, a block of outputs x lane groups. The outermost loop runs over blocks of inputs.
    """
    for part in range((d[MULTIPLY.inputs] + d[MULTIPLY.input_block] - 1) // d[MULTIPLY.input_block]):
        first = part * d[MULTIPLY.input_block]
        inputs = min(d[MULTIPLY.input_block], d[MULTIPLY.inputs] - first)
        for unit in range(begin, end):
            output = unit // d[MULTIPLY.column_blocks] * rows(tile)
            count = min(rows(tile), d[MULTIPLY.outputs] - output)
            bias = d[MULTIPLY.bias] + output if d[MULTIPLY.bias] >= 0 else NO_BIAS
            w = d[MULTIPLY.w] + output * d[MULTIPLY.w_output] + first * d[MULTIPLY.w_input]
            g = unit % d[MULTIPLY.column_blocks] * columns(tile)
            groups = min(g + columns(tile), state[GROUPS])
            if groups == g + columns(tile):
                x = d[MULTIPLY.x.place] + g * d[MULTIPLY.x.group] + first * lanes(tile)
                y = d[MULTIPLY.y.place] + g * d[MULTIPLY.y.group] + output * lanes(tile)
                _multiply_tile(tile, arena, d, x, y, w, bias, first, inputs, count)
                continue
            while g < groups:
                x = d[MULTIPLY.x.place] + g * d[MULTIPLY.x.group] + first * lanes(tile)
                y = d[MULTIPLY.y.place] + g * d[MULTIPLY.y.group] + output * lanes(tile)
                _multiply_tile(narrow(tile), arena, d, x, y, w, bias, first, inputs, count)
                g += 1


@kernel
def transpose(tile, arena, d: Words[Transpose], state, begin, end, thread):
    """Lane groups [feature][lanes] into rows [image][feature]. Unit: a vector of features; the memory behind the last
    feature fills the rest of its vector."""
    step = lanes(tile)
    for unit in range(begin, end):
        for g in range(state[GROUPS]):
            source = d[TRANSPOSE.source.place] + g * d[TRANSPOSE.source.group] + unit * step * step
            into = d[TRANSPOSE.copy.place] + g * step * d[TRANSPOSE.copy.image] + unit * step
            transpose_square(
                tile, arena, source, step, into, d[TRANSPOSE.copy.image], min(step, state[COUNT] - g * step)
            )


@routine
def gradient_sums(tile, arena, d, state, feature, output, count):
    """A tile of the weight gradient: rows are outputs, columns are vectors of features."""
    registers = zeros(tile)
    for g in range(state[GROUPS]):
        at = d[SUM.x.place] + g * lanes(tile) * d[SUM.x.image] + feature
        cotangent = d[SUM.dy.place] + g * d[SUM.dy.group] + output * lanes(tile)
        images = min(lanes(tile), state[COUNT] - g * lanes(tile))
        if count == rows(tile):
            for _ in range(images):
                registers = outer_lane(registers, arena, at, cotangent)
                at += d[SUM.x.image]
                cotangent += 1
        else:
            for _ in range(images):
                registers = outer_clamped(registers, arena, at, lanes(tile), cotangent, lanes(tile), count)
                at += d[SUM.x.image]
                cotangent += 1
    return registers


@routine
def _gradient_tile(tile, arena, d, state, feature, output, count, width):
    """Sums one tile and stores it. With width < lanes, the tile is one vector wide and only its first `width` features
    exist; it is copied through the thread's scratch."""
    registers = gradient_sums(tile, arena, d, state, feature, output, count)
    into = d[GRADIENT.dw] + output * d[SUM.x.features] + feature
    if width >= lanes(tile):
        save(registers, arena, into, d[SUM.x.features], lanes(tile), count)
        return
    scratch = state[SCRATCH]
    save(registers, arena, scratch, lanes(tile), lanes(tile), count)
    for r in range(count):
        for k in range(width):
            arena[into + r * d[SUM.x.features] + k] = arena[scratch + r * lanes(tile) + k]


@kernel
def weight_gradient(tile, arena, d: Words[DenseGradient], state, begin, end, thread):
    """dw[output][feature] = sum over images of dy[output][image] * x[image][feature]. Unit: a block of outputs.

    The outermost loop runs over features, so that their columns of the transposed copy stay in the first cache.
    """
    feature, features = 0, d[SUM.x.features]
    while feature < features:
        whole = feature + columns(tile) * lanes(tile) <= features
        for unit in range(begin, end):
            output = unit * rows(tile)
            count = min(rows(tile), d[GRADIENT.outputs] - output)
            if whole:
                _gradient_tile(tile, arena, d, state, feature, output, count, lanes(tile))
            else:
                _gradient_tile(narrow(tile), arena, d, state, feature, output, count, features - feature)
        feature += columns(tile) * lanes(tile) if whole else lanes(tile)
