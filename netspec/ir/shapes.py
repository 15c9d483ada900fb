"""The shape rule of every operation: what comes out, given what goes in. Batch axes are left out throughout.

Rules only add, multiply, compare and floor-divide, so a size may be any subclass of int: a traced size comes out as a
traced size. Gradients of a sliding window cannot tell how many rows the forward pass left over, so those rules take
the shape that the node declares and check it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from netspec.diagnostics.failure import CompilerBug
from netspec.ir import operations as ops
from netspec.ir.graph import Shape
from netspec.ir.operations import Operation, Pair, Window

Shapes = tuple[Shape, ...]


def output_shapes(operation: Operation, inputs: Shapes, declared: Shapes = ()) -> Shapes:
    """Shapes of the outputs of `operation` on arrays of the shapes `inputs`.

    `declared` are the shapes that the node says it makes. Only the input gradients of sliding windows and of Dense
    need it, `Reshape` (without it: flattens), and `MaxPool` (two outputs where two are declared).
    Raises CompilerBug when the inputs do not fit each other or the outputs declared.
    """
    shapes = SHAPE_RULES[type(operation)](operation, inputs, declared)
    _require(all(size >= 1 for shape in shapes for size in shape), "{} makes {} from {}", operation, shapes, inputs)
    return shapes


def window_output(window: Window, size: Pair) -> Pair:
    """Output height and width of a window sliding over `size`; below one where it does not fit."""
    rows, columns = (
        (size[axis] + window.before[axis] + window.after[axis] - _reach(window, axis) - 1) // window.stride[axis] + 1
        for axis in (0, 1)
    )
    return rows, columns


def window_input(window: Window, size: Pair) -> Pair:
    """The smallest height and width over which `window` gives `size`: what a Deconvolution makes of `size`."""
    rows, columns = (
        (size[axis] - 1) * window.stride[axis] + _reach(window, axis) + 1 - window.before[axis] - window.after[axis]
        for axis in (0, 1)
    )
    return rows, columns


def _reach(window: Window, axis: int) -> int:
    """Distance from a window's first to its last tap."""
    return window.dilation[axis] * (window.kernel[axis] - 1)


def _require(holds: bool, what: str, *values: object) -> None:
    """`what` is formatted only when it is needed: a graph has tens of thousands of nodes."""
    if not holds:
        raise CompilerBug(f"shapes do not fit: {what.format(*values)}")


def elements(shape: Shape) -> int:
    """Numbers in an array of this shape."""
    total = 1
    for size in shape:
        total *= size
    return total


def _image(shape: Shape) -> tuple[int, int, int]:
    _require(len(shape) == 3, "{} is not channels x height x width", shape)
    return shape[0], shape[1], shape[2]


def _only(declared: Shapes) -> Shape:
    _require(len(declared) == 1, "one declared shape is needed, found {}", declared)
    return declared[0]


def _same_as_input(_: Operation, inputs: Shapes, __: Shapes) -> Shapes:
    return (inputs[0],)


def _same_twice(_: Operation, inputs: Shapes, __: Shapes) -> Shapes:
    _require(inputs[0] == inputs[1], "{} are not equal", inputs)
    return (inputs[0],)


def _bias(given: Shapes, expected: Shape) -> None:
    _require(all(shape == expected for shape in given), "bias {}, expected {}", given, expected)


def _convolution(op: ops.Convolution, inputs: Shapes, _: Shapes) -> Shapes:
    (c, h, w), weight = _image(inputs[0]), inputs[1]
    k = weight[0]
    _require(c % op.groups == 0 and k % op.groups == 0, "{} groups of {} and {} channels", op.groups, c, k)
    _require(weight[1:] == (c // op.groups, *op.window.kernel), "weight {} on {}, {}", weight, inputs[0], op)
    _bias(inputs[2:], (k,))
    return ((k, *window_output(op.window, (h, w))),)


def _convolution_input_gradient(op: ops.ConvolutionInputGradient, inputs: Shapes, declared: Shapes) -> Shapes:
    dy, weight = inputs
    dx = _only(declared)
    forward = _convolution(ops.Convolution(op.window, op.groups), (dx, weight), ())
    _require(forward == (dy,), "forward of {} is {}, cotangent is {}", dx, forward[0], dy)
    return declared


def _convolution_weight_gradient(op: ops.ConvolutionWeightGradient, inputs: Shapes, _: Shapes) -> Shapes:
    (c, h, w), (k, *out) = _image(inputs[0]), _image(inputs[1])
    _require(window_output(op.window, (h, w)) == tuple(out), "{} on {}", op, inputs)
    _require(c % op.groups == 0 and k % op.groups == 0, "{} groups of {} and {} channels", op.groups, c, k)
    return ((k, c // op.groups, *op.window.kernel),)


def _deconvolution(op: ops.Deconvolution, inputs: Shapes, _: Shapes) -> Shapes:
    (c, h, w), weight = _image(inputs[0]), inputs[1]
    k = weight[1]
    _require((weight[0], *weight[2:]) == (c, *op.window.kernel), "weight {} on {}, {}", weight, inputs[0], op)
    _bias(inputs[2:], (k,))
    return ((k, *window_input(op.window, (h, w))),)


def _local(op: ops.Local, inputs: Shapes, _: Shapes) -> Shapes:
    (c, h, w), weight = _image(inputs[0]), inputs[1]
    y = (weight[0], *window_output(op.window, (h, w)))
    _require(weight == (*y, c, *op.window.kernel), "weight {} on {}, {}", weight, inputs[0], op)
    _bias(inputs[2:], y)
    return (y,)


def _local_input_gradient(op: ops.LocalInputGradient, inputs: Shapes, declared: Shapes) -> Shapes:
    dy, weight = inputs
    dx = _only(declared)
    forward = _local(ops.Local(op.window), (dx, weight), ())
    _require(forward == (dy,), "forward of {} is {}, cotangent is {}", dx, forward[0], dy)
    return declared


def _local_weight_gradient(op: ops.LocalWeightGradient, inputs: Shapes, _: Shapes) -> Shapes:
    (c, h, w), (k, *out) = _image(inputs[0]), _image(inputs[1])
    _require(window_output(op.window, (h, w)) == tuple(out), "{} on {}", op, inputs)
    return ((k, *out, c, *op.window.kernel),)


def _dense(_: ops.Dense, inputs: Shapes, __: Shapes) -> Shapes:
    x, (k, *features) = inputs[:2]
    _require(tuple(features) in ((elements(x),), x), "weight {} on {}", inputs[1], x)
    _bias(inputs[2:], (k,))
    return ((k,) if len(features) == 1 else (k, 1, 1),)


def _dense_input_gradient(_: ops.DenseInputGradient, inputs: Shapes, declared: Shapes) -> Shapes:
    dy, weight = inputs
    forward = _dense(ops.Dense(), (_only(declared), weight), ())
    _require(forward == (dy,), "forward of {} is {}, cotangent is {}", declared, forward[0], dy)
    return declared


def _dense_weight_gradient(_: ops.DenseWeightGradient, inputs: Shapes, __: Shapes) -> Shapes:
    x, (k, *window) = inputs
    _require(window in ([], [1, 1]), "cotangent {}", inputs[1])
    return ((k, *x) if window else (k, elements(x)),)


def _channel_sum(_: ops.ChannelSum, inputs: Shapes, __: Shapes) -> Shapes:
    return (inputs[0][:1],)


def _max_pool(op: ops.MaxPool, inputs: Shapes, declared: Shapes) -> Shapes:
    c, h, w = _image(inputs[0])
    y = (c, *window_output(op.window, (h, w)))
    return (y, y) if len(declared) == 2 else (y,)


def _pooled_convolution(op: ops.PooledConvolution, inputs: Shapes, declared: Shapes) -> Shapes:
    return _max_pool(op.pool, _convolution(op.convolution, inputs, ()), declared)


def _average_pool(op: ops.AveragePool, inputs: Shapes, _: Shapes) -> Shapes:
    c, h, w = _image(inputs[0])
    return ((c, *window_output(op.window, (h, w))),)


def _pool_gradient(op: ops.MaxPoolGradient | ops.AveragePoolGradient, inputs: Shapes, declared: Shapes) -> Shapes:
    c, h, w = _image(_only(declared))
    forward = (c, *window_output(op.window, (h, w)))
    _require(all(shape == forward for shape in inputs), "forward of {} is {}, inputs are {}", declared, forward, inputs)
    return declared


def _upsample(op: ops.Upsample, inputs: Shapes, _: Shapes) -> Shapes:
    c, h, w = _image(inputs[0])
    return ((c, h * op.factor, w * op.factor),)


def _upsample_gradient(op: ops.UpsampleGradient, inputs: Shapes, _: Shapes) -> Shapes:
    c, h, w = _image(inputs[0])
    _require(h % op.factor == 0 and w % op.factor == 0, "{} is no multiple of {}", inputs[0], op.factor)
    return ((c, h // op.factor, w // op.factor),)


def _batch_norm(_: ops.BatchNorm | ops.BatchNormInputGradient, inputs: Shapes, __: Shapes) -> Shapes:
    x, *channels = inputs
    _require(all(shape == x[:1] for shape in channels), "{} beside {}", channels, x)
    return (x,)


def _batch_norm_training(_: ops.BatchNormTraining, inputs: Shapes, __: Shapes) -> Shapes:
    x, channels, addend = inputs[0], inputs[1:5], inputs[5:]
    _check_channels(x, channels, addend)
    return (x, *(x[:1],) * 4)


def _batch_norm_gradient(_: ops.BatchNormGradient, inputs: Shapes, __: Shapes) -> Shapes:
    x, channels, cotangents = inputs[0], inputs[1:5], inputs[5:]
    _check_channels(x, channels, cotangents)
    return (x, x[:1], x[:1])


def _batch_norm_add_gradient(op: ops.BatchNormAddGradient, inputs: Shapes, _: Shapes) -> Shapes:
    x, channels, maps = inputs[0], inputs[1:4], inputs[4:]
    _require(len(maps) > (op.activation != ops.IDENTITY), "{} lacks a cotangent", op)
    _check_channels(x, channels, maps)
    return (x, x[:1], x[:1], x)


def _check_channels(x: Shape, channels: Shapes, maps: Shapes) -> None:
    """One number a channel of `x` each, and maps of its shape."""
    fits = all(shape == x[:1] for shape in channels) and all(shape == x for shape in maps)
    _require(fits, "{} and {} beside {}", channels, maps, x)


def _maxout(op: ops.Maxout, inputs: Shapes, _: Shapes) -> Shapes:
    c, *rest = inputs[0]
    _require(c % op.pieces == 0, "{} channels in pieces of {}", c, op.pieces)
    return ((c // op.pieces, *rest),)


def _maxout_gradient(op: ops.MaxoutGradient, inputs: Shapes, _: Shapes) -> Shapes:
    x, y, dy = inputs
    _require(y == dy and _maxout(ops.Maxout(op.pieces), (x,), ()) == (y,), "{} on {}", op, inputs)
    return (x,)


def _reshape(_: ops.Reshape, inputs: Shapes, declared: Shapes) -> Shapes:
    total = elements(inputs[0])
    shape = _only(declared) if declared else (total,)
    _require(elements(shape) == total, "{} as {}", inputs[0], shape)
    return (shape,)


def _add(_: ops.Add, inputs: Shapes, __: Shapes) -> Shapes:
    _require(all(shape == inputs[0] for shape in inputs), "sum of {}", inputs)
    return (inputs[0],)


def _concatenate(_: ops.Concatenate, inputs: Shapes, __: Shapes) -> Shapes:
    rest = inputs[0][1:]
    _require(all(shape[1:] == rest for shape in inputs), "{} along channels", inputs)
    channels = inputs[0][0]
    for shape in inputs[1:]:
        channels = channels + shape[0]
    return ((channels, *rest),)


def _slice(op: ops.Slice, inputs: Shapes, _: Shapes) -> Shapes:
    c, *rest = inputs[0]
    _require(0 <= op.begin < op.end <= c, "channels {} to {} of {}", op.begin, op.end, c)
    return ((op.end - op.begin, *rest),)


def _loss(_: ops.Loss, inputs: Shapes, __: Shapes) -> Shapes:
    logits, label = inputs
    _require(len(logits) == 1 and label == (), "logits {}, label {}", logits, label)
    return ((), ())


def _loss_gradient(_: ops.LossGradient, inputs: Shapes, __: Shapes) -> Shapes:
    logits, label = inputs
    _require(len(logits) == 1 and label == (), "logits {}, label {}", logits, label)
    return (logits,)


def _sgd_update(_: ops.SgdUpdate, inputs: Shapes, __: Shapes) -> Shapes:
    *arrays, rate = inputs
    _require(rate == () and all(shape == arrays[0] for shape in arrays), "update of {}", inputs)
    return (arrays[0], *arrays[2:])


def _dense_weight_update(op: ops.DenseWeightUpdate, inputs: Shapes, declared: Shapes) -> Shapes:
    x, dy, weight, *rest = inputs
    (gradient,) = _dense_weight_gradient(ops.DenseWeightGradient(), (x, dy), ())
    return _sgd_update(op.update, (weight, gradient, *rest), declared)


Rule = Callable[[Any, Shapes, Shapes], Shapes]
SHAPE_RULES: Mapping[type[Operation], Rule] = {
    ops.Activation: _same_as_input,
    ops.ActivationGradient: _same_twice,
    ops.GuidedGradient: _same_twice,
    ops.Convolution: _convolution,
    ops.ConvolutionInputGradient: _convolution_input_gradient,
    ops.ConvolutionWeightGradient: _convolution_weight_gradient,
    ops.Deconvolution: _deconvolution,
    ops.Local: _local,
    ops.LocalInputGradient: _local_input_gradient,
    ops.LocalWeightGradient: _local_weight_gradient,
    ops.Dense: _dense,
    ops.DenseInputGradient: _dense_input_gradient,
    ops.DenseWeightGradient: _dense_weight_gradient,
    ops.ChannelSum: _channel_sum,
    ops.BatchSum: _same_as_input,
    ops.MaxPool: _max_pool,
    ops.PooledConvolution: _pooled_convolution,
    ops.MaxPoolGradient: _pool_gradient,
    ops.AveragePool: _average_pool,
    ops.AveragePoolGradient: _pool_gradient,
    ops.Upsample: _upsample,
    ops.UpsampleGradient: _upsample_gradient,
    ops.BatchNorm: _batch_norm,
    ops.BatchNormInputGradient: _batch_norm,
    ops.BatchNormTraining: _batch_norm_training,
    ops.BatchNormGradient: _batch_norm_gradient,
    ops.BatchNormAddGradient: _batch_norm_add_gradient,
    ops.LocalResponseNorm: _same_as_input,
    ops.LocalResponseNormGradient: _same_twice,
    ops.Maxout: _maxout,
    ops.MaxoutGradient: _maxout_gradient,
    ops.Dropout: _same_as_input,
    ops.Reshape: _reshape,
    ops.Softmax: _same_as_input,
    ops.SoftmaxGradient: _same_twice,
    ops.Add: _add,
    ops.Concatenate: _concatenate,
    ops.Slice: _slice,
    ops.Loss: _loss,
    ops.LossGradient: _loss_gradient,
    ops.SgdUpdate: _sgd_update,
    ops.DenseWeightUpdate: _dense_weight_update,
}
