"""Random single nodes: every forward operation with odd sizes, strides, paddings, dilations, groups and attributes."""

from collections.abc import Callable

from hypothesis import strategies as st

from netspec.ir import operations as ops
from netspec.ir.graph import Node, Shape, Value
from netspec.ir.operations import Operation, Window
from netspec.ir.shapes import output_shapes

Draw = Callable[[st.SearchStrategy], int]
ACTIVATIONS = ("relu", "relu6", "leaky_relu", "elu", "gelu", "silu", "softplus", "sigmoid", "tanh")


def node(operation: Operation, *inputs: Value, outputs: int = 1) -> Node:
    """A node whose outputs are called y, y1, …, batched, of the shapes that the shape rule gives."""
    shapes = output_shapes(operation, tuple(value.shape for value in inputs), ((),) * outputs)
    return Node(operation, inputs, tuple(Value(f"y{k or ''}", shape) for k, shape in enumerate(shapes)), "layer")


def x(*shape: int, name: str = "x") -> Value:
    return Value(name, shape)


def w(*shape: int, name: str = "w") -> Value:
    return Value(name, shape, batched=False)


def bias(draw: Draw, *shape: int) -> tuple[Value, ...]:
    return (w(*shape, name="b"),) if draw(st.booleans()) else ()


def small(draw: Draw, low: int = 1, high: int = 4) -> int:
    return draw(st.integers(low, high))


def pair(draw: Draw, low: int, high: int) -> tuple[int, int]:
    return small(draw, low, high), small(draw, low, high)


def sliding(draw: Draw, *, dilated: bool = True) -> tuple[Window, tuple[int, int]]:
    """A window with borders of any kind, and a size of input that it fits."""
    dilation = pair(draw, 1, 2) if dilated else (1, 1)
    window = Window(pair(draw, 1, 3), pair(draw, 1, 3), pair(draw, 0, 2), pair(draw, 0, 3), dilation)
    reach = [d * (k - 1) + 1 for d, k in zip(window.dilation, window.kernel, strict=True)]
    least = [max(1, r - b - a) for r, b, a in zip(reach, window.before, window.after, strict=True)]
    return window, (least[0] + small(draw, 0, 4), least[1] + small(draw, 0, 4))


def pooling(draw: Draw) -> tuple[Window, tuple[int, int]]:
    """A window as `pool` makes it: every one holds a real pixel; `round=ceil` lengthens the far border."""
    kernel, stride, ceil = pair(draw, 1, 3), pair(draw, 1, 4), draw(st.booleans())
    before = (small(draw, 0, kernel[0] // 2), small(draw, 0, kernel[1] // 2))
    size = (kernel[0] + small(draw, 0, 5), kernel[1] + small(draw, 0, 5))
    after = tuple(_after(*axis, ceil) for axis in zip(size, kernel, stride, before, strict=True))
    return Window(kernel, stride, before, (after[0], after[1])), size


def _after(size: int, kernel: int, stride: int, pad: int, ceil: bool) -> int:
    if not ceil:
        return pad
    outputs = -(-(size + 2 * pad - kernel) // stride) + 1
    if (outputs - 1) * stride >= size + pad:
        outputs -= 1
    return max(pad, (outputs - 1) * stride + kernel - size - pad)


def image(draw: Draw) -> Shape:
    """C x H x W, or a flat vector."""
    c = small(draw)
    return (c,) if draw(st.booleans()) else (c, small(draw), small(draw))


def _activation(draw: Draw) -> Node:
    function = draw(st.sampled_from(ACTIVATIONS))
    slope = draw(st.sampled_from([0.0, 0.01, 0.5])) if function == "leaky_relu" else 0.0
    return node(ops.Activation(function, slope), x(*image(draw)))


def _convolution(draw: Draw) -> Node:
    window, size = sliding(draw)
    groups, c, k = small(draw, 1, 3), small(draw, 1, 2), small(draw, 1, 2)
    weight = w(k * groups, c, *window.kernel)
    return node(ops.Convolution(window, groups), x(c * groups, *size), weight, *bias(draw, k * groups))


def _deconvolution(draw: Draw) -> Node:
    kernel, (h, wide) = pair(draw, 1, 4), pair(draw, 1, 4)
    before, after = pair(draw, 0, 1), pair(draw, 0, 1)
    stride = pair(draw, 1, 3)
    fits = all((s - 1) * t + k > b + a for s, t, k, b, a in zip((h, wide), stride, kernel, before, after, strict=True))
    window = Window(kernel, stride, before, after) if fits else Window(kernel, stride)
    c, k = small(draw, 1, 3), small(draw, 1, 3)
    return node(ops.Deconvolution(window), x(c, h, wide), w(c, k, *kernel), *bias(draw, k))


def _local(draw: Draw) -> Node:
    window, size = sliding(draw, dilated=False)
    c, k = small(draw, 1, 2), small(draw, 1, 2)
    plane = output_shapes(ops.MaxPool(window), ((k, *size),))[0]
    return node(ops.Local(window), x(c, *size), w(*plane, c, *window.kernel), *bias(draw, *plane))


def _dense(draw: Draw) -> Node:
    shape, k = image(draw), small(draw)
    features = draw(st.sampled_from((output_shapes(ops.Reshape(), (shape,))[0], shape)))
    return node(ops.Dense(), x(*shape), w(k, *features), *bias(draw, k))


def _max_pool(draw: Draw) -> Node:
    window, size = pooling(draw)
    made = node(ops.MaxPool(window), x(small(draw, 1, 3), *size))
    y = made.outputs[0]
    return Node(made.operation, made.inputs, (y, Value("y.index", y.shape, dtype="int32")), made.layer)


def _average_pool(draw: Draw) -> Node:
    window, size = pooling(draw)
    return node(ops.AveragePool(window, draw(st.booleans())), x(small(draw, 1, 3), *size))


def _upsample(draw: Draw) -> Node:
    return node(ops.Upsample(small(draw, 1, 3)), x(small(draw), small(draw), small(draw)))


def _batch_norm(draw: Draw) -> tuple[Value, ...]:
    shape = image(draw)
    return x(*shape), *(w(shape[0], name=name) for name in ("scale", "shift", "mean", "variance"))


def _batch_norm_running(draw: Draw) -> Node:
    return node(ops.BatchNorm(0.9, draw(st.sampled_from([1e-5, 0.1]))), *_batch_norm(draw))


def _batch_norm_training(draw: Draw) -> Node:
    operation = ops.BatchNormTraining(draw(st.sampled_from([0.9, 0.5])), draw(st.sampled_from([1e-3, 0.1])))
    made = node(operation, *_batch_norm(draw))
    y, *rest = made.outputs
    return Node(operation, made.inputs, (y, *(w(*v.shape, name=v.name) for v in rest)), made.layer)


def _local_response_norm(draw: Draw) -> Node:
    size, beta = small(draw, 1, 6), draw(st.sampled_from([0.5, 0.75, 1.0]))
    return node(ops.LocalResponseNorm(size, draw(st.sampled_from([1e-4, 0.3])), beta, 1.5), x(*image(draw)))


def _maxout(draw: Draw) -> Node:
    pieces, (c, *rest) = small(draw, 1, 3), image(draw)
    return node(ops.Maxout(pieces), x(c * pieces, *rest))


def _dropout(draw: Draw) -> Node:
    return node(ops.Dropout(draw(st.sampled_from([0.0, 0.3, 0.5, 0.9])), small(draw, 0, 3)), x(*image(draw)))


def _reshape(draw: Draw) -> Node:
    shape = image(draw)
    return Node(ops.Reshape(), (x(*shape),), (x(*output_shapes(ops.Reshape(), (shape,))[0], name="y"),), "layer")


def _softmax(draw: Draw) -> Node:
    return node(ops.Softmax(), x(*image(draw)))


def _add(draw: Draw) -> Node:
    shape = image(draw)
    return node(ops.Add(), *(x(*shape, name=f"x{k}") for k in range(small(draw, 2, 4))))


def _concatenate(draw: Draw) -> Node:
    _, *rest = image(draw)
    return node(ops.Concatenate(), *(x(small(draw), *rest, name=f"x{k}") for k in range(small(draw, 2, 4))))


FORWARD: dict[type[Operation], Callable[[Draw], Node]] = {
    ops.Activation: _activation,
    ops.Convolution: _convolution,
    ops.Deconvolution: _deconvolution,
    ops.Local: _local,
    ops.Dense: _dense,
    ops.MaxPool: _max_pool,
    ops.AveragePool: _average_pool,
    ops.Upsample: _upsample,
    ops.BatchNorm: _batch_norm_running,
    ops.BatchNormTraining: _batch_norm_training,
    ops.LocalResponseNorm: _local_response_norm,
    ops.Maxout: _maxout,
    ops.Dropout: _dropout,
    ops.Reshape: _reshape,
    ops.Softmax: _softmax,
    ops.Add: _add,
    ops.Concatenate: _concatenate,
}


@st.composite
def forward_nodes(draw: Draw, kind: type[Operation]) -> Node:
    """A node of this forward operation, with inputs called x, w, b and the like."""
    return FORWARD[kind](draw)
