"""Tree nodes from the values of a grammar rule. One method a rule; leaves are built by `leaves.py`."""

from __future__ import annotations

from dataclasses import replace
from math import copysign
from typing import cast

from lark import Transformer

from netspec.diagnostics.text import Span
from netspec.syntax.tree import Argument, Atom, Binary, Body, Broken, Call, List, Name, Negative, Number, Statement

Piece = Atom | Argument | Body | Statement | Span
"""A value on the stack: a node, or the place of a bracket"""


class Builder(Transformer[Piece, tuple[Statement, ...]]):
    """Called by the automaton with the values of a rule's symbols, without separators."""

    def file(self, pieces: list[Piece]) -> tuple[Statement, ...]:
        return tuple(cast("list[Statement]", pieces))

    def statement(self, pieces: list[Piece]) -> Statement:
        head, rest = cast("Name | Call", pieces[0]), pieces[1:]
        name, given = (head.name, head.arguments) if isinstance(head, Call) else (head, ())
        bodies = tuple(piece for piece in rest if isinstance(piece, Body))
        cut = rest.index(bodies[0]) if bodies else len(rest)
        arguments = (*given, *cast("list[Argument]", rest[:cut]))
        trailing = cast("tuple[Argument, ...]", tuple(rest[cut + len(bodies) :]))
        return Statement(name, arguments, bodies, trailing, _span(head).to(_span(pieces[-1])))

    def body(self, pieces: list[Piece]) -> Body:
        return Body(tuple(cast("list[Statement]", pieces[1:-1])), _span(pieces[0]).to(_span(pieces[-1])))

    def positional(self, pieces: list[Piece]) -> Argument:
        value = cast("Atom", pieces[0])
        return Argument(None, value, value.span)

    def keyed(self, pieces: list[Piece]) -> Argument:
        key, value = cast("tuple[Name, Atom]", pieces)
        return Argument(key, value, key.span.to(value.span))

    def call(self, pieces: list[Piece]) -> Call:
        name, *arguments, end = pieces
        name = cast("Name", name)
        return Call(name, tuple(cast("list[Argument]", arguments)), name.span.to(_span(end)))

    def group(self, pieces: list[Piece]) -> Atom:
        return replace(cast("Atom", pieces[1]), span=_span(pieces[0]).to(_span(pieces[-1])))

    def list(self, pieces: list[Piece]) -> List:
        return List(tuple(cast("list[Atom]", pieces[1:-1])), _span(pieces[0]).to(_span(pieces[-1])))

    def binary(self, pieces: list[Piece]) -> Binary | Broken:
        left, operator, right = cast("tuple[Atom, Name, Atom]", pieces)
        if isinstance(left, Broken) or isinstance(right, Broken):
            return Broken(left.span.to(right.span))
        return Binary(operator.text, left, right, left.span.to(right.span))

    def negative(self, pieces: list[Piece]) -> Atom:
        minus, operand = cast("tuple[Name, Atom]", pieces)
        span = minus.span.to(operand.span)
        if isinstance(operand, Number) and copysign(1, operand.value) > 0:
            return Number(-operand.value, span)
        return Broken(span) if isinstance(operand, Broken) else Negative(operand, span)


def _span(piece: Piece) -> Span:
    return piece if isinstance(piece, Span) else piece.span
