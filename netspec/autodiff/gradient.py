"""The gradient of one value of a forward pass by another: of a layer's output by the image, say.

A value has many numbers. Which of them is meant is said by a cotangent, an input of the graph: it weighs the numbers of
an image, and what is differentiated is their weighted sum. A 1 at one place and 0 elsewhere stand for this one number;
1 / (height * width) on a plane stands for the mean of a channel.
"""

from __future__ import annotations

from dataclasses import replace

from netspec.autodiff.forward import with_indices
from netspec.autodiff.rules import guided_products, products
from netspec.autodiff.tape import Tape, depending_on
from netspec.diagnostics.failure import CompilerBug
from netspec.ir.graph import Graph, Value
from netspec.ir.rewrite import substitute
from netspec.ir.verify import verify


def cotangent_of(value: Value) -> Value:
    """The input that holds the cotangent of `value`, (N, *its shape)."""
    return replace(value, name=f"{value.name}.cotangent")


def with_gradient(graph: Graph, of: Value, by: Value, *, guided: bool = False) -> Graph:
    """A forward pass with running statistics, and behind it the gradient of `of` by `by`, image by image.

    Inputs: those of `graph` and `cotangent_of(of)`. Outputs: `of`, `by` and the gradient, of the shape of `by`. With
    `guided` rectifiers pass gradients by the guided rule (`ir/operations.py: GuidedGradient`). Nothing is computed that
    the gradient does not need. Raises CompilerBug where `of` does not depend on `by`, or an operation has no
    derivative.
    """
    forward = with_indices(graph)
    tape = Tape(depending_on(forward.nodes, frozenset({by})), guided_products if guided else products)
    cotangent = cotangent_of(of)
    tape.parts[of] = [cotangent]
    tape.pass_back(forward.nodes)
    if by not in tape.parts:
        raise CompilerBug(f"`{of.name}` does not depend on `{by.name}`")
    total = tape.totals[by] if by in tape.totals else tape.total(by, graph.layers[0].name)
    whole = substitute(forward, tape.plain, (*forward.nodes, *tape.nodes))
    gradient = tape.plain.get(total, total)
    made = replace(whole, inputs=(*graph.inputs, cotangent), outputs=(of, by, gradient))
    verify(made)
    return made
