"""The count rule of every operation: multiply-adds for one image, biases excluded.

A MAC is counted where a weight meets a number: in convolutions, local, transposed and dense layers, and in their
gradients. Taps that fall on padding count, as everybody counts them. Rules only multiply sizes, so a traced size gives
a traced count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from netspec.ir import operations as ops
from netspec.ir.graph import Node
from netspec.ir.operations import Operation
from netspec.ir.pooled import sum_of
from netspec.ir.program import Launch
from netspec.ir.shapes import elements


def launch_macs(launch: Launch) -> int:
    """Multiply-adds of one launch for one image."""
    inputs, outputs = (tuple(buffer.value for buffer in buffers) for buffers in (launch.inputs, launch.outputs))
    node = Node(launch.operation, inputs, outputs, launch.layer)
    return _packed_macs(node) if launch.is_packed else macs(node)


def _packed_macs(node: Node) -> int:
    """Of a node whose weights are packed, so that their shape says nothing."""
    x, y = node.inputs[0].shape, node.outputs[0].shape
    match node.operation:
        case ops.Convolution(window, groups):
            return elements(y) * (x[0] // groups) * elements(window.kernel)
        case ops.Local(window):
            return elements(y) * x[0] * elements(window.kernel)
        case ops.Deconvolution(window):
            return elements(x) * y[0] * elements(window.kernel)
        case ops.Dense():
            return elements(x) * elements(y)
        case _:
            return 0


def macs(node: Node) -> int:
    """Multiply-adds of one node for one image; FLOPs are twice as many."""
    return COUNT_RULES[type(node.operation)](node)


def _none(_: Node) -> int:
    return 0


def _sliding_forward(node: Node) -> int:
    """Each output meets one kernel: w is (K, C/groups, kh, kw)."""
    return elements(node.outputs[0].shape) * elements(node.inputs[1].shape[1:])


def _sliding_back(node: Node) -> int:
    """Each number that goes in is spread over one kernel: dy and w, or x and w of a transposed convolution."""
    return elements(node.inputs[0].shape) * elements(node.inputs[1].shape[1:])


def _sliding_weight(node: Node) -> int:
    """x, dy -> dw: as many products as forward."""
    return elements(node.inputs[1].shape) * elements(node.outputs[0].shape[1:])


def _each_weight_once(node: Node) -> int:
    """Every weight of a local or dense layer meets one number of an image."""
    return elements(node.inputs[1].shape)


def _each_weight_gradient_once(node: Node) -> int:
    return elements(node.outputs[0].shape)


def _of_its_sum(node: Node) -> int:
    return macs(sum_of(node))


COUNT_RULES: Mapping[type[Operation], Callable[[Node], int]] = {
    ops.Activation: _none,
    ops.ActivationGradient: _none,
    ops.GuidedGradient: _none,
    ops.Convolution: _sliding_forward,
    ops.ConvolutionInputGradient: _sliding_back,
    ops.ConvolutionWeightGradient: _sliding_weight,
    ops.Deconvolution: _sliding_back,
    ops.Local: _each_weight_once,
    ops.LocalInputGradient: _each_weight_once,
    ops.LocalWeightGradient: _each_weight_gradient_once,
    ops.Dense: _each_weight_once,
    ops.DenseInputGradient: _each_weight_once,
    ops.DenseWeightGradient: _each_weight_gradient_once,
    ops.ChannelSum: _none,
    ops.BatchSum: _none,
    ops.MaxPool: _none,
    ops.PooledConvolution: _of_its_sum,
    ops.MaxPoolGradient: _none,
    ops.AveragePool: _none,
    ops.AveragePoolGradient: _none,
    ops.Upsample: _none,
    ops.UpsampleGradient: _none,
    ops.BatchNorm: _none,
    ops.BatchNormInputGradient: _none,
    ops.BatchNormTraining: _none,
    ops.BatchNormGradient: _none,
    ops.BatchNormAddGradient: _none,
    ops.LocalResponseNorm: _none,
    ops.LocalResponseNormGradient: _none,
    ops.Maxout: _none,
    ops.MaxoutGradient: _none,
    ops.Dropout: _none,
    ops.Reshape: _none,
    ops.Softmax: _none,
    ops.SoftmaxGradient: _none,
    ops.Add: _none,
    ops.Concatenate: _none,
    ops.Slice: _none,
    ops.Loss: _none,
    ops.LossGradient: _none,
    ops.SgdUpdate: _none,
    ops.DenseWeightUpdate: _each_weight_gradient_once,
}
