"""Launch rows of dense layers."""

from __future__ import annotations

from netspec.diagnostics.failure import CompilerBug
from netspec.ir import operations as ops
from netspec.ir.memory import FLOAT_BYTES
from netspec.kernels.cpu.dense.products import (
    DenseGradient,
    GradientSum,
    Multiply,
    Transpose,
    Transposed,
    multiply,
    transpose,
    weight_gradient,
)
from netspec.kernels.cpu.dense.update import DenseUpdate, weight_update
from netspec.kernels.cpu.language.planes import NO_EPILOGUE, Epilogue, epilogue_of
from netspec.kernels.cpu.language.rows import Row, after_copying, place, where
from netspec.kernels.cpu.layers.update import NO_VELOCITY
from netspec.kernels.cpu.sliding.convolution_rows import activation_pass
from netspec.targets.cpu.program import Buffer, Launch, Program, Tile


def dense_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    """Dense: the product, then a pass for an activation outside `IN_REGISTERS`."""
    op = launch.operation
    assert isinstance(op, ops.Dense)
    x, w, *bias = launch.inputs
    outputs, inputs = w.value.shape[0], x.value.elements
    weights = (place(w), inputs, 1)
    row = _product(launch, program, x, weights, inputs, outputs, epilogue_of(bias, op.activation))
    return (row, *activation_pass(op.activation, launch, program))


def input_gradient_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    """DenseInputGradient: the product with the transposed weights."""
    (dy, w), (dx,) = launch.inputs, launch.outputs
    outputs, inputs = w.value.shape[0], dx.value.elements
    return (_product(launch, program, dy, (place(w), 1, inputs), outputs, inputs, NO_EPILOGUE),)


def _product(
    launch: Launch,
    program: Program,
    x: Buffer,
    weights: tuple[int, int, int],
    inputs: int,
    outputs: int,
    epilogue: Epilogue,
) -> Row:
    """The row of one product; `weights` are (first element, stride of outputs, stride of inputs)."""
    y, tile = launch.outputs[0], launch.tile
    column_blocks = -(-program.groups // tile.columns)
    w, w_output, w_input = weights
    words = Multiply(
        x=where(x),
        y=where(y),
        w=w,
        w_output=w_output,
        w_input=w_input,
        inputs=inputs,
        outputs=outputs,
        input_block=_input_block(program, tile, inputs),
        column_blocks=column_blocks,
        bias=epilogue.bias,
        activation=epilogue.code,
    )
    return Row(multiply, tile, words, -(-outputs // tile.rows) * column_blocks)


def _input_block(program: Program, tile: Tile, inputs: int) -> int:
    """Inputs per block: those of a tile's groups fill at most three quarters of the first cache."""
    input_bytes = FLOAT_BYTES * tile.columns * program.target.lanes
    most = max(1, program.target.l1_bytes * 3 // 4 // input_bytes)
    blocks = -(-inputs // most)
    return -(-inputs // blocks)


def weight_gradient_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    """DenseWeightGradient: a transposed copy of the input, then the product."""
    (x, dy), dw, tile = launch.inputs, launch.outputs[0], launch.tile
    outputs, features = dw.value.shape[0], x.value.elements
    copy, transposing = _transposed(launch, program, x, features)
    words = DenseGradient(sum=GradientSum(x=copy, dy=where(dy)), dw=place(dw), outputs=outputs)
    return (transposing, after_copying(0, launch, Row(weight_gradient, tile, words, -(-outputs // tile.rows))))


def weight_update_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    """DenseWeightUpdate: the same copy, then the product with the update of weights and velocities in place."""
    assert isinstance(launch.operation, ops.DenseWeightUpdate)
    (x, dy, weight, *velocity, rate), update = launch.inputs, launch.operation.update
    outputs, features = weight.value.shape[0], x.value.elements
    if [*map(place, (weight, *velocity))] != [*map(place, launch.outputs)]:
        raise CompilerBug(f"`{launch.outputs[0].value.name}` does not lie where `{weight.value.name}` does")
    copy, transposing = _transposed(launch, program, x, features)
    words = DenseUpdate(
        sum=GradientSum(x=copy, dy=where(dy)),
        outputs=outputs,
        feature_block=_feature_block(program, launch.tile),
        weight=place(weight),
        velocity=place(velocity[0]) if velocity else NO_VELOCITY,
        rate=place(rate),
        rate_factor=update.rate_factor,
        decay=update.decay,
        momentum=update.momentum,
        nesterov=update.nesterov,
    )
    product = Row(weight_update, launch.tile, words, -(-outputs // launch.tile.rows))
    return (transposing, after_copying(0, launch, product))


def _feature_block(program: Program, tile: Tile) -> int:
    """Features per block, a multiple of a tile: their columns of the transposed copy fill at most half of the second
    cache, or one tile."""
    across = tile.columns * program.target.lanes
    tile_bytes = FLOAT_BYTES * program.groups * program.target.lanes * across
    return max(1, program.target.l2_bytes // 2 // tile_bytes) * across


def _transposed(launch: Launch, program: Program, x: Buffer, features: int) -> tuple[Transposed, Row]:
    """The transposed copy of `x` in the launch's scratch, and the row that makes it."""
    images = program.groups * program.target.lanes
    if launch.scratch is None:
        raise CompilerBug(f"the launch of `{launch.layer}` was given no scratch for the transposed input")
    image_step = launch.scratch.size_bytes // FLOAT_BYTES // images
    if image_step < features:
        raise CompilerBug(f"`{launch.scratch.value.name}` of {launch.scratch.size_bytes} bytes is too small")
    copy = Transposed(place=place(launch.scratch), image=image_step, features=features)
    vectors = -(-features // program.target.lanes)
    words = Transpose(copy=copy, source=where(x))
    return copy, Row(transpose, Tile(1, 1), words, vectors, reads=(x,), writes=(launch.scratch,))
