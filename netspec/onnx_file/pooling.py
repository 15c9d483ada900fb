"""How pooling, its opposite, and normalisation are written."""

from __future__ import annotations

import numpy as np

from netspec.ir import operations as ops
from netspec.ir.graph import Node, Value
from netspec.ir.operations import Window
from netspec.ir.shapes import window_output
from netspec.onnx_file.draft import Array, Draft
from netspec.onnx_file.windows import padded, sliding


def max_pool(op: ops.MaxPool, node: Node, draft: Draft) -> None:
    (x,), y = node.inputs, node.outputs[0]
    if _global(op.window, x):
        draft.add("GlobalMaxPool", (x.name,), y.name)
    else:
        draft.add("MaxPool", (x.name,), y.name, **sliding(op.window))


def average_pool(op: ops.AveragePool, node: Node, draft: Draft) -> None:
    """ONNX counts the real pixels, or all of a window; netspec's `count_pad` leaves out what only `round=ceil` added.
    There the average over all of a window is multiplied by its pixels and divided by those that count."""
    (x,), (y,) = node.inputs, node.outputs
    if _global(op.window, x):
        draft.add("GlobalAveragePool", (x.name,), y.name)
        return
    share = _share(op.window, x) if op.count_pad else np.ones(())
    uneven = bool((share != 1).any())
    name = f"{y.name}/of_all" if uneven else y.name
    draft.add("AveragePool", (x.name,), name, count_include_pad=int(op.count_pad), **sliding(op.window))
    if uneven:
        draft.add("Mul", (name, draft.constant(f"{y.name}/share", share)), y.name)


def _global(window: Window, x: Value) -> bool:
    return window.kernel == x.shape[1:] and not padded(window)


def _share(window: Window, x: Value) -> Array:
    """The taps of a window over those within `before` of the image: (oh, ow) float32."""
    size = x.shape[1], x.shape[2]
    counted = [_counted(window, axis, size[axis], window_output(window, size)[axis]) for axis in (0, 1)]
    return (window.kernel[0] * window.kernel[1] / np.outer(*counted)).astype(np.float32)


def _counted(window: Window, axis: int, size: int, positions: int) -> Array:
    border = window.before[axis]
    starts = np.arange(positions)[:, None] * window.stride[axis] - border
    places = starts + np.arange(window.kernel[axis])[None, :]
    return (places < size + border).sum(axis=1)


def upsample(op: ops.Upsample, node: Node, draft: Draft) -> None:
    """y[n,c,y,x] = x[n,c,y//factor,x//factor]"""
    y = node.outputs[0].name
    scales = draft.constant(f"{y}/scales", np.array([1, 1, op.factor, op.factor], np.float32))
    how = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    draft.add("Resize", (node.inputs[0].name, "", scales), y, **how)
