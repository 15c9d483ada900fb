"""Calls of sums of arrays, and of copies of channels."""

from __future__ import annotations

from netspec.ir import operations as ops
from netspec.ir.graph import Node, Value
from netspec.schedule.cuda.calls.building import Calls, Operand, Planning, Scratch, numbers, per_number, per_output
from netspec.targets.cuda.program import Call
from netspec.targets.cuda.sizes import Copied, Terms

MOST_TERMS = 4
"""Arrays that one call adds."""
Four = tuple[Operand, Operand, Operand, Operand]


def few_terms(terms: tuple[Value, ...], planning: Planning) -> tuple[Calls, int, Four]:
    """The sum of any number of arrays as a sum of at most four: calls that add the first ones into scratch memory, how
    many are left, and four arrays of which those are the first."""
    like, left = terms[0], list[Operand](terms)
    calls, total = list[Call[Operand]](), Scratch(f"{like.name}.total", numbers(like, planning))
    while len(left) > MOST_TERMS:
        calls.append(_add(like, total, MOST_TERMS, _four(left), planning))
        left[:MOST_TERMS] = [total]
    return tuple(calls), len(left), _four(left)


def _four(terms: list[Operand]) -> Four:
    """The first four, the last of them again where there are fewer."""
    first, second, third, fourth = (terms + 3 * terms[-1:])[:MOST_TERMS]
    return first, second, third, fourth


def _add(like: Value, total: Operand, terms: int, arrays: Four, planning: Planning) -> Call[Operand]:
    images = "images" if like.batched else 1
    return per_output("add", like, planning, total, *arrays, images, Terms(like.elements, terms))


def add(node: Node, planning: Planning) -> Calls:
    """Only the last call writes y, which may be one of the terms."""
    (y,) = node.outputs
    calls, terms, arrays = few_terms(node.inputs, planning)
    return (*calls, _add(y, y, terms, arrays, planning))


def concatenate(node: Node, planning: Planning) -> Calls:
    (y,) = node.outputs
    calls, first = list[Call[Operand]](), 0
    for x in node.inputs:
        calls.append(_copy(y, x, Copied(x.elements, x.elements, 0, y.elements, first), planning))
        first += x.elements
    return tuple(calls)


def slice_channels(node: Node, planning: Planning) -> Calls:
    op, (x,), (y,) = node.operation, node.inputs, node.outputs
    assert isinstance(op, ops.Slice)
    first = op.begin * (x.elements // x.shape[0])
    return (_copy(y, x, Copied(y.elements, x.elements, first, y.elements, 0), planning),)


def _copy(y: Value, x: Value, s: Copied, planning: Planning) -> Call[Operand]:
    return per_number("copy_part", planning.batch * s.elements, y, x, "images", s)
