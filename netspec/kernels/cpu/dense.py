"""Dense layers as products of matrices: forward and input gradient with lanes = images, the weight gradient with
lanes = input features.

Forward and input gradient put lane groups into a tile's columns, so a weight is loaded once for several groups. Long
sums are cut into blocks that keep the other operand in the nearest cache; meanwhile sums stand in the output.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from netspec.kernels.cpu.activations import RELU
from netspec.kernels.cpu.jit import kernel, routine
from netspec.kernels.cpu.planes import NO_BIAS
from netspec.kernels.cpu.products import outer_apart
from netspec.kernels.cpu.state import COUNT, GROUPS, SCRATCH
from netspec.kernels.cpu.tile import columns, lanes, load, narrow, rectify, rows, save, spread, zeros
from netspec.kernels.cpu.turn import turn

# Words of the descriptor of `multiply`. Strides count float32 numbers.
(X, X_GROUP, Y, Y_GROUP, W, W_OUTPUT, W_INPUT) = range(7)
(INPUTS, OUTPUTS, INPUT_BLOCK, COLUMN_BLOCKS, BIAS, ACTIVATION) = range(7, 13)

# Words of the descriptor of `transpose`, the first and the last two of them also those of `weight_gradient`.
(TRANSPOSED, IMAGE_STEP, FEATURES, SOURCE, SOURCE_GROUP) = range(5)
(DY, DY_GROUP, DW, DW_OUTPUTS) = range(3, 7)


@routine
def _multiply_tile(tile, arena, d, x, y, w, bias, first, inputs, count):
    """One tile of outputs from `inputs` features, the first of them number `first`; sums of earlier ones stand in y."""
    if first > 0:
        registers = load(tile, arena, y, lanes(tile), d[Y_GROUP], count)
    elif bias >= 0:
        registers = spread(tile, arena, bias, count)
    else:
        registers = zeros(tile)
    x_group, w_output, w_input = d[X_GROUP], d[W_OUTPUT], d[W_INPUT]
    for _ in range(inputs):
        registers = outer_apart(registers, arena, x, x_group, w, w_output, count)
        x += lanes(tile)
        w += w_input
    if d[ACTIVATION] == RELU and first + inputs == d[INPUTS]:
        registers = rectify(registers)
    save(registers, arena, y, lanes(tile), d[Y_GROUP], count)


@kernel
def multiply(tile, arena, d, state, begin, end, thread):
    """y[output][image] = sum over inputs of w[output][input] * x[input][image], plus bias, then perhaps relu.

    Unit: a block of outputs of as many lane groups as a tile has columns. Blocks of inputs stand outermost.
    """
    for part in range((d[INPUTS] + d[INPUT_BLOCK] - 1) // d[INPUT_BLOCK]):
        first = part * d[INPUT_BLOCK]
        inputs = min(d[INPUT_BLOCK], d[INPUTS] - first)
        for unit in range(begin, end):
            output = unit // d[COLUMN_BLOCKS] * rows(tile)
            count = min(rows(tile), d[OUTPUTS] - output)
            bias = d[BIAS] + output if d[BIAS] >= 0 else NO_BIAS
            w = d[W] + output * d[W_OUTPUT] + first * d[W_INPUT]
            g = unit % d[COLUMN_BLOCKS] * columns(tile)
            groups = min(g + columns(tile), state[GROUPS])
            if groups == g + columns(tile):
                x, y = d[X] + g * d[X_GROUP] + first * lanes(tile), d[Y] + g * d[Y_GROUP] + output * lanes(tile)
                _multiply_tile(tile, arena, d, x, y, w, bias, first, inputs, count)
                continue
            while g < groups:
                x, y = d[X] + g * d[X_GROUP] + first * lanes(tile), d[Y] + g * d[Y_GROUP] + output * lanes(tile)
                _multiply_tile(narrow(tile), arena, d, x, y, w, bias, first, inputs, count)
                g += 1


@kernel
def transpose(tile, arena, d, state, begin, end, thread):
    """Lane groups [feature][lanes] into rows of features, one an image, and what lies behind the last feature into the
    rest of its vector. Unit: a vector of features."""
    step = lanes(tile)
    for unit in range(begin, end):
        for g in range(state[GROUPS]):
            source = d[SOURCE] + g * d[SOURCE_GROUP] + unit * step * step
            into = d[TRANSPOSED] + g * step * d[IMAGE_STEP] + unit * step
            turn(tile, arena, source, step, into, d[IMAGE_STEP], min(step, state[COUNT] - g * step))


@routine
def gradient_sums(tile, arena, d, state, feature, output, count):
    """A tile of the gradient: rows are outputs, columns vectors of features."""
    registers = zeros(tile)
    for g in range(state[GROUPS]):
        at = d[TRANSPOSED] + g * lanes(tile) * d[IMAGE_STEP] + feature
        cotangent = d[DY] + g * d[DY_GROUP] + output * lanes(tile)
        for _ in range(min(lanes(tile), state[COUNT] - g * lanes(tile))):
            registers = outer_apart(registers, arena, at, lanes(tile), cotangent, lanes(tile), count)
            at += d[IMAGE_STEP]
            cotangent += 1
    return registers


@routine
def _gradient_tile(tile, arena, d, state, feature, output, count, width):
    """Sums a tile and writes it. Of a single vector only the first `width` features may exist; then it goes through
    the thread's scratch."""
    registers = gradient_sums(tile, arena, d, state, feature, output, count)
    into = d[DW] + output * d[FEATURES] + feature
    if width >= lanes(tile):
        save(registers, arena, into, d[FEATURES], lanes(tile), count)
        return
    scratch = state[SCRATCH]
    save(registers, arena, scratch, lanes(tile), lanes(tile), count)
    for r in range(count):
        for k in range(width):
            arena[into + r * d[FEATURES] + k] = arena[scratch + r * lanes(tile) + k]


@kernel
def weight_gradient(tile, arena, d, state, begin, end, thread):
    """dw[output][feature] = sum over images of dy[output][image] * x[image][feature]. Unit: a block of outputs.

    Features stand outermost, so that their columns of the transposed copy stay in the nearest cache.
    """
    feature, features = 0, d[FEATURES]
    while feature < features:
        whole = feature + columns(tile) * lanes(tile) <= features
        for unit in range(begin, end):
            output = unit * rows(tile)
            count = min(rows(tile), d[DW_OUTPUTS] - output)
            if whole:
                _gradient_tile(tile, arena, d, state, feature, output, count, lanes(tile))
            else:
                _gradient_tile(narrow(tile), arena, d, state, feature, output, count, features - feature)
        feature += columns(tile) * lanes(tile) if whole else lanes(tile)
