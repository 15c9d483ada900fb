"""Calls of tiled matrix products, for convolutions and dense layers that they pay for; else None."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from netspec.ir.graph import Value
from netspec.ir.operations import Activation
from netspec.schedule.cuda import tiles
from netspec.schedule.cuda.calls.building import (
    BLOCK,
    Argument,
    Calls,
    Operand,
    Planning,
    activation_number,
    chunks,
    per_output,
)
from netspec.schedule.cuda.calls.sums import in_two_stages
from netspec.schedule.cuda.tiles import DEPTH, Product, tile_count
from netspec.targets.cuda.program import Call
from netspec.targets.cuda.sizes import Applied, Chunks, Products, Tiling, Updates, Windows

S = TypeVar("S", Windows, Products)
INCLUDED = ("identity", "relu")
"""Activations of the tiled kernels; others follow in a call of their own."""
LEAST_SUMMED = 256
"""Products that a block sums at least, where blocks divide a sum."""


@dataclass(frozen=True, slots=True)
class Fused:
    """Bias and activation of a layer."""

    bias: Value | None
    activation: Activation


def convolution(y: Value, x: Value, w: Value, fused: Fused, s: Windows, planning: Planning) -> Calls | None:
    product = Product(s.k // s.groups, planning.batch * s.oh * s.ow, s.c // s.groups * s.kh * s.kw, s.groups)
    return _maps("tiled_convolution", y, (x, w), fused, s, product, planning)


def input_gradient(dx: Value, dy: Value, w: Value, fused: Fused, s: Windows, planning: Planning) -> Calls | None:
    """Of a convolution, or the forward pass of a deconvolution."""
    product = Product(s.c // s.groups, planning.batch * s.h * s.w, s.k // s.groups * s.kh * s.kw, s.groups)
    return _maps("tiled_input_gradient", dx, (dy, w), fused, s, product, planning)


def weight_gradient(dw: Value, x: Value, dy: Value, s: Windows, planning: Planning) -> Calls | None:
    """In chunks of (images, positions), whose sums a second call adds."""
    columns, depth = s.c // s.groups * s.kh * s.kw, planning.batch * s.oh * s.ow
    product = Product(s.k // s.groups, columns, depth, s.groups, divisible=True)
    tiling = tiles.choose(product, planning.target)
    if tiling is None:
        return None
    count = tile_count(product, tiling)
    size = -(-chunks(count, depth, planning, least=LEAST_SUMMED).size // DEPTH) * DEPTH
    division = Chunks(dw.elements, -(-depth // size), size)

    def first_stage(parts: Operand) -> Call[Operand]:
        arguments = (parts, x, dy, "images", s, division, tiling)
        return Call("tiled_weight_gradient", count * division.parts, BLOCK, arguments)

    return in_two_stages(dw, division, first_stage)


def dense(y: Value, x: Value, w: Value, fused: Fused, s: Products, planning: Planning) -> Calls | None:
    product = Product(planning.batch, s.outputs, s.features)
    tiling = tiles.choose(product, planning.target)
    if tiling is None:
        return None
    s, following = _with_activation(y, fused, s, planning)
    return _call("tiled_dense", product, tiling, y, x, w, fused.bias or w, "images", s, tiling), *following


def dense_input_gradient(dx: Value, dy: Value, w: Value, s: Products, planning: Planning) -> Calls | None:
    product = Product(planning.batch, s.features, s.outputs)
    tiling = tiles.choose(product, planning.target)
    if tiling is None:
        return None
    return (_call("tiled_dense_input_gradient", product, tiling, dx, dy, w, "images", s, tiling),)


def dense_weight_gradient(dw: Value, x: Value, dy: Value, s: Products, planning: Planning) -> Calls | None:
    product = Product(s.outputs, s.features, planning.batch)
    tiling = tiles.choose(product, planning.target)
    if tiling is None:
        return None
    return (_call("tiled_dense_weight_gradient", product, tiling, dw, x, dy, "images", s, tiling),)


def dense_weight_update(
    moved: tuple[Value, Value],
    given: tuple[Value, Value, Value],
    s: Products,
    update: tuple[Updates, float, float, float],
    planning: Planning,
) -> Calls | None:
    """`moved`: weights, and velocity or weights; `given`: x, dy, rate."""
    product = Product(s.outputs, s.features, planning.batch)
    tiling = tiles.choose(product, planning.target)
    if tiling is None:
        return None
    return (_call("tiled_dense_weight_update", product, tiling, *moved, *given, "images", s, tiling, *update),)


def _maps(
    kernel: str,
    y: Value,
    inputs: tuple[Value, Value],
    fused: Fused,
    s: Windows,
    product: Product,
    planning: Planning,
) -> Calls | None:
    tiling = tiles.choose(product, planning.target)
    if tiling is None:
        return None
    s, following = _with_activation(y, fused, s, planning)
    return _call(kernel, product, tiling, y, *inputs, fused.bias or inputs[1], "images", s, tiling), *following


def _with_activation(y: Value, fused: Fused, s: S, planning: Planning) -> tuple[S, Calls]:
    """Sizes with bias and activation, and the calls that follow."""
    function, biased = fused.activation.function, int(fused.bias is not None)
    if function in INCLUDED:
        return s._replace(biased=biased, activation=activation_number(function)), ()
    applied = Applied(y.elements, activation_number(function))
    call = per_output("activation", y, planning, y, y, "images", applied, fused.activation.slope)
    return s._replace(biased=biased, activation=activation_number("identity")), (call,)


def _call(kernel: str, product: Product, tiling: Tiling, *arguments: Argument) -> Call[Operand]:
    """A block for each tile."""
    return Call(kernel, tile_count(product, tiling), BLOCK, arguments)
