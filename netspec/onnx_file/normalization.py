"""How BatchNorm with running statistics and LocalResponseNorm are written."""

from __future__ import annotations

from netspec.ir import operations as ops
from netspec.ir.graph import Node
from netspec.onnx_file.draft import Draft


def batch_norm(op: ops.BatchNorm, node: Node, draft: Draft) -> None:
    names = [value.name for value in node.inputs]
    draft.add("BatchNormalization", names, node.outputs[0].name, epsilon=op.epsilon)


def local_response_norm(op: ops.LocalResponseNorm, node: Node, draft: Draft) -> None:
    """ONNX's own where it says the same: with an even `size` it sees one channel less below and one more above."""
    if op.size % 2 and op.alpha > 0 and op.beta > 0:
        _whole(op, node, draft)
    else:
        _in_parts(op, node, draft)


def _whole(op: ops.LocalResponseNorm, node: Node, draft: Draft) -> None:
    """Runtimes want images, so a flat vector is given as channels of one pixel."""
    (x,), (y,) = node.inputs, node.outputs
    given, made, flat = x.name, y.name, len(x.shape) == 1
    if flat:
        given, made = draft.reshaped(given, f"{y.name}/image", x.shape[0], 1, 1), f"{y.name}/normal"
    draft.add("LRN", (given,), made, size=op.size, alpha=op.alpha, beta=op.beta, bias=op.k)
    if flat:
        draft.reshaped(made, y.name, *y.shape)


def _in_parts(op: ops.LocalResponseNorm, node: Node, draft: Draft) -> None:
    """x / (k + alpha * mean of x^2 over channels c - size//2 to c + (size-1)//2)^beta; the mean, of zeros too beyond
    the first and the last channel, is a pool over channels as rows, (N, 1, C, positions)."""
    (x,), (y,) = node.inputs, node.outputs
    squares = draft.add("Mul", (x.name, x.name), f"{y.name}/squares")
    rows = draft.reshaped(squares, f"{y.name}/rows", 1, x.shape[0], -1)
    pads = [op.size // 2, 0, (op.size - 1) // 2, 0]
    means = draft.add(
        "AveragePool", (rows,), f"{y.name}/means", kernel_shape=[op.size, 1], pads=pads, count_include_pad=1
    )
    weighted = draft.add("Mul", (means, draft.scalar(f"{y.name}/alpha", op.alpha)), f"{y.name}/weighted")
    base = draft.add("Add", (weighted, draft.scalar(f"{y.name}/k", op.k)), f"{y.name}/base")
    power = draft.add("Pow", (base, draft.scalar(f"{y.name}/beta", op.beta)), f"{y.name}/power")
    draft.add("Div", (x.name, draft.reshaped(power, f"{y.name}/divisor", *x.shape)), y.name)
