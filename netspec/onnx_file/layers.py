"""How layers with weights are written: Convolution, Deconvolution, Local, Dense.

Letters: n image, c input channel, k output channel, y x output position, i j kernel position.
"""

from __future__ import annotations

import numpy as np

from netspec.ir import operations as ops
from netspec.ir.graph import Node, Shape, Value
from netspec.ir.operations import Window
from netspec.ir.shapes import window_output
from netspec.onnx_file.draft import Array, Draft
from netspec.onnx_file.elementwise import activate
from netspec.onnx_file.windows import dilated, padded, pads


def convolution(op: ops.Convolution, node: Node, draft: Draft) -> None:
    draft.add("Conv", _names(node), _linear(op, node), group=op.groups, **dilated(op.window))
    _activated(op, node, draft)


def deconvolution(op: ops.Deconvolution, node: Node, draft: Draft) -> None:
    """ONNX's weights lie as netspec's, (C, K, kh, kw), and its pads are cut off as netspec's are."""
    draft.add("ConvTranspose", _names(node), _linear(op, node), **dilated(op.window))
    _activated(op, node, draft)


def dense(op: ops.Dense, node: Node, draft: Draft) -> None:
    x, weight, *bias = node.inputs
    (y,), name = node.outputs, _linear(op, node)
    features, product = draft.flat(x, y.name), name if len(y.shape) == 1 else f"{y.name}/product"
    matrix = weight.name
    if len(weight.shape) > 2:
        matrix = draft.constant(f"{matrix}/matrix", draft.arrays[matrix].reshape(len(draft.arrays[matrix]), -1))
    draft.add("Gemm", (features, matrix, *(each.name for each in bias)), product, transB=1)
    if product != name:
        draft.reshaped(product, name, *y.shape)
    _activated(op, node, draft)


def local(op: ops.Local, node: Node, draft: Draft) -> None:
    """y[n,k,y,x] = sum over f of w[yx,f,k] * x[n,yx,f], plus b[k,y,x]: ONNX has no layer whose weights are not tied, so
    what each position sees is gathered, f counting c, i, j, and multiplied by a matrix of its own."""
    x, weight, *bias = node.inputs
    (y,), name = node.outputs, _linear(op, node)
    places = draft.constant(f"{y.name}/places", _places(op.window, x.shape))
    bordered = _padded(op.window, x.name, y, draft) if padded(op.window) else x.name
    numbers = draft.reshaped(bordered, f"{y.name}/numbers", -1)
    seen = draft.add("Gather", (numbers, places), f"{y.name}/seen", axis=1)
    by_position = draft.add("Transpose", (seen,), f"{y.name}/by_position", perm=[1, 0, 2])
    matrices = draft.constant(f"{weight.name}/matrices", _matrices(draft.arrays[weight.name]))
    product = draft.add("MatMul", (by_position, matrices), f"{y.name}/product")  # yx n k
    by_image = draft.add("Transpose", (product,), f"{y.name}/by_image", perm=[1, 2, 0])
    total = draft.reshaped(by_image, f"{y.name}/total" if bias else name, *y.shape)
    if bias:
        draft.add("Add", (total, bias[0].name), name)
    _activated(op, node, draft)


Layer = ops.Convolution | ops.Deconvolution | ops.Dense | ops.Local


def _names(node: Node) -> list[str]:
    return [value.name for value in node.inputs]


def _linear(op: Layer, node: Node) -> str:
    """The name of the layer's value before its activation."""
    name = node.outputs[0].name
    return name if op.activation == ops.IDENTITY else f"{name}/linear"


def _activated(op: Layer, node: Node, draft: Draft) -> None:
    if op.activation != ops.IDENTITY:
        activate(draft, op.activation, _linear(op, node), node.outputs[0].name)


def _padded(window: Window, x: str, y: Value, draft: Draft) -> str:
    """`x` with its border of zeros."""
    top, left, bottom, right = pads(window)
    sides = draft.constant(f"{y.name}/pads", np.array([0, 0, top, left, 0, 0, bottom, right], np.int64))
    return draft.add("Pad", (x, sides), f"{y.name}/padded")


def _places(window: Window, shape: Shape) -> Array:
    """Where in the padded image, flattened, each position's numbers lie: (yx, cij) int64."""
    c, h, w = shape
    height, width = h + window.before[0] + window.after[0], w + window.before[1] + window.after[1]
    rows, columns = window_output(window, (h, w))
    numbers = np.arange(c * height * width).reshape(c, height, width)
    down = _taps(rows, window, 0)
    across = _taps(columns, window, 1)
    seen = numbers[:, down[:, None, :, None], across[None, :, None, :]]  # c y x i j
    return np.ascontiguousarray(seen.transpose(1, 2, 0, 3, 4).reshape(rows * columns, -1))


def _taps(positions: int, window: Window, axis: int) -> Array:
    """Coordinates along an axis, (position, tap)."""
    starts = np.arange(positions)[:, None] * window.stride[axis]
    return starts + np.arange(window.kernel[axis])[None, :] * window.dilation[axis]


def _matrices(weight: Array) -> Array:
    """w[k,y,x,c,i,j] as (yx, cij, k)"""
    k, rows, columns = weight.shape[:3]
    return np.ascontiguousarray(weight.transpose(1, 2, 3, 4, 5, 0).reshape(rows * columns, -1, k))
