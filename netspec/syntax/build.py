"""Tree nodes from the values of a rule's symbols. One function a rule; leaves are built by `leaves.py`.

Separators have no value; a bracket has its place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import copysign
from typing import cast

from netspec.diagnostics.text import Span
from netspec.syntax.tree import Argument, Atom, Binary, Body, Broken, Call, List, Name, Negative, Number, Statement

Piece = Atom | Argument | Body | Statement | Span
"""A value on the stack: a node, or the place of a bracket"""


def _file(pieces: list[Piece]) -> tuple[Statement, ...]:
    return tuple(cast("list[Statement]", pieces))


def _statement(pieces: list[Piece]) -> Statement:
    head, rest = cast("Name | Call", pieces[0]), pieces[1:]
    name, given = (head.name, head.arguments) if isinstance(head, Call) else (head, ())
    bodies = tuple(piece for piece in rest if isinstance(piece, Body))
    cut = rest.index(bodies[0]) if bodies else len(rest)
    arguments = (*given, *cast("list[Argument]", rest[:cut]))
    trailing = cast("tuple[Argument, ...]", tuple(rest[cut + len(bodies) :]))
    return Statement(name, arguments, bodies, trailing, _span(head).to(_span(pieces[-1])))


def _body(pieces: list[Piece]) -> Body:
    return Body(tuple(cast("list[Statement]", pieces[1:-1])), _span(pieces[0]).to(_span(pieces[-1])))


def _positional(pieces: list[Piece]) -> Argument:
    value = cast("Atom", pieces[0])
    return Argument(None, value, value.span)


def _keyed(pieces: list[Piece]) -> Argument:
    key, value = cast("tuple[Name, Atom]", pieces)
    return Argument(key, value, key.span.to(value.span))


def _call(pieces: list[Piece]) -> Call:
    name, *arguments, end = pieces
    name = cast("Name", name)
    return Call(name, tuple(cast("list[Argument]", arguments)), name.span.to(_span(end)))


def _group(pieces: list[Piece]) -> Atom:
    return replace(cast("Atom", pieces[1]), span=_span(pieces[0]).to(_span(pieces[-1])))


def _list(pieces: list[Piece]) -> List:
    return List(tuple(cast("list[Atom]", pieces[1:-1])), _span(pieces[0]).to(_span(pieces[-1])))


def _binary(pieces: list[Piece]) -> Binary | Broken:
    left, operator, right = cast("tuple[Atom, Name, Atom]", pieces)
    if isinstance(left, Broken) or isinstance(right, Broken):
        return Broken(left.span.to(right.span))
    return Binary(operator.text, left, right, left.span.to(right.span))


def _negative(pieces: list[Piece]) -> Atom:
    minus, operand = cast("tuple[Name, Atom]", pieces)
    span = minus.span.to(operand.span)
    if isinstance(operand, Number) and copysign(1, operand.value) > 0:
        return Number(-operand.value, span)
    return Broken(span) if isinstance(operand, Broken) else Negative(operand, span)


def _span(piece: Piece) -> Span:
    return piece if isinstance(piece, Span) else piece.span


BUILDERS: dict[str, Callable[[list[Piece]], Piece | tuple[Statement, ...]]] = {
    "file": _file,
    "statement": _statement,
    "body": _body,
    "positional": _positional,
    "keyed": _keyed,
    "call": _call,
    "group": _group,
    "list": _list,
    "binary": _binary,
    "negative": _negative,
}
"""rule of the grammar -> what makes its node"""
