"""Calls of tiled matrix products, for convolutions and dense layers that they pay for; else None."""

from __future__ import annotations

from dataclasses import dataclass

from netspec.ir.graph import Value
from netspec.ir.operations import IDENTITY, Activation
from netspec.schedule.cuda.calls.building import (
    BLOCK,
    Argument,
    Calls,
    Operand,
    Planning,
    Scratch,
    activation_number,
    maps,
    numbers,
    per_output,
)
from netspec.schedule.cuda.tiles import DEPTH, Choice, Product
from netspec.targets.cuda.program import Call
from netspec.targets.cuda.sizes import Applied, Chunks, Finished, Products, Updates, Windows

INCLUDED = ("identity", "relu")
"""Activations of the tiled kernels; others follow in a call of their own."""
SHARES, TOGETHER = 8, 32
"""Threads a sum, and sums a block, of `sum_chunks`."""


@dataclass(frozen=True, slots=True)
class Fused:
    """Bias and activation of a layer."""

    bias: Value | None = None
    activation: Activation = IDENTITY


def convolution(y: Value, x: Value, w: Value, fused: Fused, s: Windows, planning: Planning) -> Calls | None:
    product = Product(s.k // s.groups, planning.batch * s.oh * s.ow, s.c // s.groups * s.kh * s.kw, s.groups)
    return _outputs("tiled_convolution", y, (x, w, fused.bias or w), fused, s, product, planning)


def input_gradient(dx: Value, dy: Value, w: Value, fused: Fused, s: Windows, planning: Planning) -> Calls | None:
    """Of a convolution, or the forward pass of a deconvolution."""
    product = Product(s.c // s.groups, planning.batch * s.h * s.w, s.k // s.groups * s.kh * s.kw, s.groups)
    return _outputs("tiled_input_gradient", dx, (dy, w, fused.bias or w), fused, s, product, planning)


def dense(y: Value, x: Value, w: Value, fused: Fused, s: Products, planning: Planning) -> Calls | None:
    product = Product(planning.batch, s.outputs, s.features, scattered=True)
    return _outputs("tiled_dense", y, (x, w, fused.bias or w), fused, s, product, planning)


def dense_input_gradient(dx: Value, dy: Value, w: Value, s: Products, planning: Planning) -> Calls | None:
    product = Product(planning.batch, s.features, s.outputs)
    return _outputs("tiled_dense_input_gradient", dx, (dy, w), Fused(), s, product, planning)


def weight_gradient(dw: Value, x: Value, dy: Value, s: Windows, planning: Planning) -> Calls | None:
    """Sums over (images, positions)."""
    columns, depth = s.c // s.groups * s.kh * s.kw, planning.batch * s.oh * s.ow
    product = Product(s.k // s.groups, columns, depth, s.groups, SHARES)
    choice = planning.choose(product, planning.target)
    if choice is None:
        return None
    division = _division(product, choice)

    def first_stage(sums: Operand) -> Call[Operand]:
        return _call("tiled_weight_gradient", product, choice, sums, x, dy, "images", s, division, choice.tiling)

    if division.parts == 1:
        return (first_stage(dw),)
    parts = Scratch(f"{dw.name}.parts", division.sums * division.parts)
    return first_stage(parts), Call("sum_chunks", -(-division.sums // TOGETHER), BLOCK, (dw, parts, division))


def dense_weight_gradient(dw: Value, x: Value, dy: Value, s: Products, planning: Planning) -> Calls | None:
    product = Product(s.outputs, s.features, planning.batch, shares=0)
    choice = planning.choose(product, planning.target)
    if choice is None:
        return None
    return (_call("tiled_dense_weight_gradient", product, choice, dw, x, dy, "images", s, choice.tiling),)


def dense_weight_update(
    moved: tuple[Value, Value],
    given: tuple[Value, Value, Value],
    s: Products,
    update: tuple[Updates, float, float, float],
    planning: Planning,
) -> Calls | None:
    """`moved`: weights, and velocity or weights; `given`: x, dy, rate."""
    product = Product(s.outputs, s.features, planning.batch, shares=0)
    choice = planning.choose(product, planning.target)
    if choice is None:
        return None
    arguments = (*moved, *given, "images", s, choice.tiling, *update)
    return (_call("tiled_dense_weight_update", product, choice, *arguments),)


def _outputs(
    kernel: str,
    y: Value,
    inputs: tuple[Value, ...],
    fused: Fused,
    s: Windows | Products,
    product: Product,
    planning: Planning,
) -> Calls | None:
    """Of a layer: bias and activation in the product's own call where they can be, else in one that follows. `inputs`
    are the kernel's after y."""
    choice = planning.choose(product, planning.target)
    if choice is None:
        return None
    division = _division(product, choice)._replace(sums=numbers(y, planning))
    function, biased = fused.activation.function, int(fused.bias is not None)
    number = activation_number(function)
    rest = ("images", s._replace(biased=0, activation=0), division, choice.tiling)
    if division.parts > 1:
        parts = Scratch(f"{y.name}.parts", division.sums * division.parts)
        ends = Finished(*maps(y), biased, number)
        given = (y, parts, fused.bias or inputs[1], "images", ends, division, fused.activation.slope)
        return _call(kernel, product, choice, parts, *inputs, *rest), per_output("sum_products", y, planning, *given)
    included = function in INCLUDED
    rest = ("images", s._replace(biased=biased, activation=number if included else 0), division, choice.tiling)
    call = _call(kernel, product, choice, y, *inputs, *rest)
    if included:
        return (call,)
    applied = Applied(y.elements, number)
    return call, per_output("activation", y, planning, y, y, "images", applied, fused.activation.slope)


def _division(product: Product, choice: Choice) -> Chunks:
    """The depth in chunks of whole steps."""
    size = -(-product.depth // (choice.parts * DEPTH)) * DEPTH
    return Chunks(product.numbers, -(-product.depth // size), size)


def _call(kernel: str, product: Product, choice: Choice, *arguments: Argument) -> Call[Operand]:
    """A block for each tile of each chunk."""
    blocks = product.tiles(choice.tiling) * _division(product, choice).parts
    return Call(kernel, blocks, BLOCK, arguments)
