# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false, reportUnknownParameterType=false, reportUnknownLambdaType=false
"""The same network in PyTorch, built from the checked graph: what netspec's step is measured against."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  (PyTorch's own convention)

from netspec.ir import operations as op
from netspec.ir.graph import Graph, Node
from netspec.ir.operations import Window
from netspec.ir.recipe import Sgd

Tensors = list[Any]


def _symmetric(window: Window) -> bool:
    return window.before == window.after


def _ceil_size(size: int, pad: int, kernel: int, stride: int) -> int:
    """PyTorch's output size with ceil_mode: a last window that holds no real pixel is dropped."""
    windows = -(-(size + 2 * pad - kernel) // stride) + 1
    return windows - 1 if (windows - 1) * stride >= size + pad else windows


def _ceiling(window: Window, node: Node) -> bool:
    """Whether PyTorch's ceil_mode with padding `before` gives this node's output size."""
    sizes = zip(node.inputs[0].shape[1:], window.before, window.kernel, window.stride, strict=True)
    return tuple(_ceil_size(*size) for size in sizes) == node.outputs[0].shape[1:]


def _padded(x: Any, window: Window, value: float) -> Any:
    (top, left), (bottom, right) = window.before, window.after
    return F.pad(x, (left, right, top, bottom), value=value)


def _convolution(node: Node, inputs: Tensors) -> Any:
    kind: op.Convolution = node.operation  # pyright: ignore[reportAssignmentType]
    window, bias = kind.window, inputs[2] if len(inputs) > 2 else None
    x, padding = (inputs[0], window.before) if _symmetric(window) else (_padded(inputs[0], window, 0.0), (0, 0))
    return F.conv2d(x, inputs[1], bias, window.stride, padding, window.dilation, kind.groups)


def _deconvolution(node: Node, inputs: Tensors) -> Any:
    window = node.operation.window  # pyright: ignore[reportAttributeAccessIssue]
    bias = inputs[2] if len(inputs) > 2 else None
    y = F.conv_transpose2d(inputs[0], inputs[1], bias, window.stride, 0)
    (top, left), (_, height, width) = window.before, node.outputs[0].shape
    return y[:, :, top : top + height, left : left + width]


def _local(node: Node, inputs: Tensors) -> Any:
    window = node.operation.window  # pyright: ignore[reportAttributeAccessIssue]
    k, height, width = node.outputs[0].shape
    columns = F.unfold(_padded(inputs[0], window, 0.0), window.kernel, stride=window.stride)
    weight = inputs[1].reshape(k, height * width, -1)
    y = torch.einsum("nfp,kpf->nkp", columns, weight).reshape(-1, k, height, width)
    return y + inputs[2] if len(inputs) > 2 else y


def _dense(node: Node, inputs: Tensors) -> Any:
    return F.linear(inputs[0].flatten(1), inputs[1], inputs[2] if len(inputs) > 2 else None)


def _max_pool(node: Node, inputs: Tensors) -> Any:
    window = node.operation.window  # pyright: ignore[reportAttributeAccessIssue]
    if _symmetric(window):
        return F.max_pool2d(inputs[0], window.kernel, window.stride, window.before)
    if _ceiling(window, node):
        return F.max_pool2d(inputs[0], window.kernel, window.stride, window.before, ceil_mode=True)
    return F.max_pool2d(_padded(inputs[0], window, float("-inf")), window.kernel, window.stride)


def _average_pool(node: Node, inputs: Tensors) -> Any:
    kind: op.AveragePool = node.operation  # pyright: ignore[reportAssignmentType]
    window, ceiling = kind.window, not _symmetric(kind.window)
    return F.avg_pool2d(inputs[0], window.kernel, window.stride, window.before, ceiling, kind.count_pad)


def _batch_norm(node: Node, inputs: Tensors) -> Any:
    x, scale, shift, mean, variance = inputs
    kind: op.BatchNorm = node.operation  # pyright: ignore[reportAssignmentType]
    return F.batch_norm(x, mean, variance, scale, shift, True, 1 - kind.momentum, kind.epsilon)


def _response_norm(node: Node, inputs: Tensors) -> Any:
    """PyTorch wants at least one axis behind the channels."""
    kind: op.LocalResponseNorm = node.operation  # pyright: ignore[reportAssignmentType]
    x = inputs[0]
    y = F.local_response_norm(x if x.ndim > 2 else x[:, :, None], kind.size, kind.alpha, kind.beta, kind.k)
    return y.reshape(x.shape)


def _maxout(node: Node, inputs: Tensors) -> Any:
    pieces = node.operation.pieces  # pyright: ignore[reportAttributeAccessIssue]
    return inputs[0].unflatten(1, (-1, pieces)).max(2).values


ACTIVATIONS: dict[str, Callable[[Any, float], Any]] = {
    "identity": lambda x, slope: x,
    "relu": lambda x, slope: F.relu(x),
    "relu6": lambda x, slope: F.relu6(x),
    "leaky_relu": lambda x, slope: F.leaky_relu(x, slope),
    "elu": lambda x, slope: F.elu(x),
    "gelu": lambda x, slope: F.gelu(x),
    "silu": lambda x, slope: F.silu(x),
    "softplus": lambda x, slope: F.softplus(x),
    "sigmoid": lambda x, slope: torch.sigmoid(x),
    "tanh": lambda x, slope: torch.tanh(x),
}

RULES: dict[type, Callable[[Node, Tensors], Any]] = {
    op.Activation: lambda node, x: ACTIVATIONS[node.operation.function](x[0], node.operation.slope),  # pyright: ignore
    op.Convolution: _convolution,
    op.Deconvolution: _deconvolution,
    op.Local: _local,
    op.Dense: _dense,
    op.MaxPool: _max_pool,
    op.AveragePool: _average_pool,
    op.Upsample: lambda node, x: F.interpolate(x[0], scale_factor=float(node.operation.factor)),  # pyright: ignore
    op.BatchNorm: _batch_norm,
    op.LocalResponseNorm: _response_norm,
    op.Maxout: _maxout,
    op.Dropout: lambda node, x: F.dropout(x[0], node.operation.probability, True),  # pyright: ignore
    op.Reshape: lambda node, x: x[0].reshape(-1, *node.outputs[0].shape),
    op.Softmax: lambda node, x: F.softmax(x[0], 1),
    op.Add: lambda node, x: sum(x[1:], start=x[0]),
    op.Concatenate: lambda node, x: torch.cat(x, 1),
}


def _targets(z: Any, label: Any) -> Any:
    """One-hot labels, or the labels themselves for a net with one output."""
    return F.one_hot(label, z.shape[1]).to(z.dtype) if z.shape[1] > 1 else label[:, None].to(z.dtype)


def _binary_cross_entropy(z: Any, label: Any) -> Any:
    return F.binary_cross_entropy_with_logits(z, _targets(z, label), reduction="sum") / len(z)


def _squared_error(z: Any, label: Any) -> Any:
    return 0.5 * F.mse_loss(z, _targets(z, label), reduction="sum") / len(z)


def _hinge(z: Any, label: Any) -> Any:
    if z.shape[1] == 1:
        return F.relu(1 - (2 * label - 1).to(z.dtype) * z[:, 0]).mean()
    return F.multi_margin_loss(z, label, reduction="sum") * z.shape[1] / len(z)


LOSSES: dict[str, Callable[[Any, Any], Any]] = {
    "cross_entropy": F.cross_entropy,
    "binary_cross_entropy": _binary_cross_entropy,
    "squared_error": _squared_error,
    "hinge": _hinge,
}


class TorchNetwork:
    """A checked graph as PyTorch runs it on one of its devices. `step(x, y)` trains on a minibatch and returns the loss
    as a tensor."""

    def __init__(
        self,
        graph: Graph,
        arrays: dict[str, np.ndarray],
        loss: str,
        sgd: Sgd,
        *,
        channels_last: bool,
        compiled: bool = False,
        device: str = "cpu",
    ) -> None:
        self.graph, self.loss = graph, LOSSES[loss]
        self.mean_loss: Callable[[Any, Any], Any] = torch.compile(self._mean_loss) if compiled else self._mean_loss
        self.device = device
        self.format = torch.channels_last if channels_last else torch.contiguous_format
        self.values = {name: self._tensor(array) for name, array in arrays.items()}
        trained = [p for p in graph.parameters if p.rate_factor]
        for parameter in trained:
            self.values[parameter.value.name].requires_grad_(True)
        groups = [
            {
                "params": [self.values[p.value.name]],
                "lr": sgd.rate * p.rate_factor,
                "weight_decay": sgd.decay * p.decay_factor,
            }
            for p in trained
        ]
        same = all(p.rate_factor == 1 and p.decay_factor == 1 for p in trained)
        chosen = [self.values[p.value.name] for p in trained] if same else groups
        self.optimiser = torch.optim.SGD(
            chosen, lr=sgd.rate, momentum=sgd.momentum, weight_decay=sgd.decay, nesterov=sgd.nesterov, foreach=True
        )

    def _tensor(self, array: np.ndarray) -> Any:
        tensor = torch.from_numpy(np.array(array)).to(self.device)
        return tensor.contiguous(memory_format=self.format) if tensor.ndim == 4 else tensor

    def images(self, array: np.ndarray) -> Any:
        """A minibatch (N, *shape) as this network wants it."""
        return self._tensor(array)

    def forward(self, x: Any) -> Any:
        """Logits (N, K) of images (N, *shape), in training mode."""
        values = {**self.values, self.graph.inputs[0].name: x}
        for node in self.graph.nodes:
            inputs = [values[value.name] for value in node.inputs]
            values[node.outputs[0].name] = RULES[type(node.operation)](node, inputs)
        return values[self.graph.outputs[0].name].flatten(1)

    def step(self, x: Any, y: Any) -> Any:
        """One step of stochastic gradient descent; returns the mean loss."""
        self.optimiser.zero_grad(set_to_none=True)
        loss = self.mean_loss(x, y)
        loss.backward()
        self.optimiser.step()
        return loss

    def _mean_loss(self, x: Any, y: Any) -> Any:
        return self.loss(self.forward(x), y)
