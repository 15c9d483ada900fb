"""Weights packed in the layout of `targets/cpu/channel_weights.py`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from netspec.diagnostics.failure import CompilerBug
from netspec.ir import operations as ops
from netspec.ir.graph import Node
from netspec.kernels.cpu.winograd.matrices import filter_matrix
from netspec.targets.cpu.channel_weights import PackedSum, packed_sum
from netspec.targets.cpu.channel_winograd import PackedWinograd, packed_winograd
from netspec.targets.cpu.channels import sliding, vectors
from netspec.targets.cpu.program import Constant

Array = NDArray[Any]


def packed(constant: Constant, lanes: int, arrays: tuple[Array, ...]) -> Array:
    """The numbers of a constant whose node has weights `arrays`, in the order of its inputs after x."""
    node, tile, vector_channels = constant.node, constant.tile, constant.vector_channels
    match node.operation:
        case ops.Convolution() if constant.algorithm == "winograd":
            return _packed_winograd(packed_winograd(node, tile, lanes), *arrays)
        case ops.Convolution() if sliding(node).depthwise:
            return _packed_depthwise(lanes, *arrays)
        case ops.Convolution() | ops.Deconvolution() | ops.Local() | ops.Dense():
            form = packed_sum(node, tile, vector_channels, lanes)
            weight = _as_convolution(node, form, arrays[0])
            bias = arrays[1] if len(arrays) > 1 else np.zeros(1, np.float32)
            return np.concatenate([_packed_weights(form, weight), _packed_biases(form, bias)])
        case ops.BatchNorm():
            return np.concatenate([_filled(array, lanes) for array in arrays])
        case _:
            raise CompilerBug(f"{type(node.operation).__name__} has no weights")


def _filled(array: Array, lanes: int) -> Array:
    """(C,) with zeros after it, up to whole vectors."""
    return np.pad(array, (0, -len(array) % lanes))


def _packed_depthwise(lanes: int, weight: Array, bias: Array | None = None) -> Array:
    """weight (C, 1, kh, kw), bias (C,)"""
    channels, _, kh, kw = weight.shape
    count = vectors(channels, lanes)
    whole = np.zeros((count * lanes, kh * kw), np.float32)
    whole[:channels] = weight.reshape(channels, kh * kw)
    biases = np.zeros(channels, np.float32) if bias is None else bias
    taps = whole.reshape(count, lanes, kh * kw).transpose(0, 2, 1)
    return np.concatenate([taps.ravel(), _filled(biases, lanes)])


def _packed_winograd(form: PackedWinograd, weight: Array, bias: Array | None = None) -> Array:
    """weight (K, C, taps, taps), bias (K,); filters are transformed in float64 and rounded once."""
    matrix = np.array(filter_matrix(weight.shape[2]))
    filters = np.einsum("ai,kcij,bj->abkc", matrix, weight.astype(np.float64), matrix, optimize=True)
    rows = filters.astype(np.float32).reshape(-1, *weight.shape[:2], 1, 1)
    zeros = np.zeros(len(weight), np.float32)
    biases = zeros if bias is None else bias
    sums = [_packed_weights(form.sums, rows), _packed_biases(form.sums, zeros)]
    return np.concatenate([*sums, _filled(biases, form.sums.lanes)])


def _as_convolution(node: Node, form: PackedSum, weight: Array) -> Array:
    """The weight as (K, inputs of a channel group, kh, kw), or (positions, K, C, kh, kw) of a Local layer."""
    channels, height, width = form.shape.x
    match node.operation:
        case ops.Deconvolution():
            return weight.transpose(1, 0, 2, 3)[:, :, ::-1, ::-1]
        case ops.Dense():
            return weight.reshape(len(weight), channels, height, width)
        case ops.Local():
            outputs, rows, columns, *window = weight.shape
            return np.moveaxis(weight.reshape(outputs, rows * columns, *window), 0, 1)
        case _:
            return weight


def _packed_weights(form: PackedSum, weight: Array) -> Array:
    packed_ = np.zeros((form.positions, form.blocks, form.block_floats), np.float32)
    for position in range(form.positions):
        own = weight if form.untied == "nothing" else weight[position]
        for block in range(form.blocks):
            numbers = _block(form, own, block)
            packed_[position, block, : len(numbers)] = numbers
    return packed_.ravel()


def _block(form: PackedSum, weight: Array, block: int) -> Array:
    """The weights (K, inputs of a channel group, kh, kw) of a block of outputs, [vector][i][j][input][output], flat."""
    (begin, end), vector_channels = form.channels(block), form.vector_channels
    window = np.zeros((form.width, end - begin, *form.shape.taps), np.float32)
    first, last = block * form.width, min((block + 1) * form.width, form.shape.y[0])
    if form.shape.channel_groups == 1:
        window[: last - first] = weight[first:last]
    else:
        own_outputs, own_inputs = (
            form.shape.y[0] // form.shape.channel_groups,
            form.shape.x[0] // form.shape.channel_groups,
        )
        for k in range(first, last):
            c = k // own_outputs * own_inputs - begin
            window[k - first, c : c + own_inputs] = weight[k]
    whole = (end - begin) // vector_channels * vector_channels
    vectors_ = window[:, :whole].reshape(form.width, -1, vector_channels, *form.shape.taps)
    rest = window[:, whole:]
    return np.concatenate([vectors_.transpose(1, 3, 4, 2, 0).ravel(), rest.transpose(2, 3, 1, 0).ravel()])


def _packed_biases(form: PackedSum, bias: Array) -> Array:
    """bias (K,), (K, OH, OW) of a Local layer, or (1,) for one number of all outputs"""
    filled = np.zeros((form.positions, form.blocks * form.width), np.float32)
    outputs = form.shape.y[0]
    filled[:, :outputs] = bias.reshape(len(bias), -1).T
    return filled.ravel()
