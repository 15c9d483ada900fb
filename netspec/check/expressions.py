"""What an expression is worth: whole numbers that divide exactly, reals, sizes."""

from __future__ import annotations

import math

from netspec.check.scope import UNKNOWN, Evaluated, Scope, Unknown
from netspec.check.vocabulary.kinds import LARGEST_WHOLE
from netspec.check.words import values as words_values
from netspec.diagnostics.text import Span
from netspec.ir.traced import Traced
from netspec.syntax.tree import Atom, Binary, Broken, Call, List, Name, Negative, Number, Range, Size, Text


def evaluate(atom: Atom, scope: Scope) -> Evaluated:
    """The value of an atom; mistakes are reported and their value is unknown.

    Long chains (`1+1+…`) lean to the left, so the left side is walked in a loop and only brackets recurse.
    """
    chain: list[Binary] = []
    while isinstance(atom, Binary):
        chain.append(atom)
        atom = atom.left
    value = _operand(atom, scope)
    for binary in reversed(chain):
        value = _binary(binary, value, evaluate(binary.right, scope), scope)
    return value


def _operand(atom: Atom, scope: Scope) -> Evaluated:
    negative = False
    while isinstance(atom, Negative):
        negative, atom = not negative, atom.operand
    value = evaluate(atom, scope) if isinstance(atom, Binary) else _leaf(atom, scope)
    if not negative or isinstance(value, Unknown):
        return value
    if isinstance(value, tuple):
        scope.complain(words_values.arithmetic_with("a size", "-", atom.span))
        return UNKNOWN
    return -value


def _leaf(atom: Atom, scope: Scope) -> Evaluated:
    match atom:
        case Number():
            return _bounded(atom.value, atom.span, scope)
        case Size():
            return UNKNOWN if any(_bounded(n, atom.span, scope) is UNKNOWN for n in atom.sizes) else atom.sizes
        case Name():
            return _named(atom, scope)
        case Broken():
            return UNKNOWN
        case _:
            scope.complain(words_values.not_a_number(found(atom), atom.span))
            return UNKNOWN


def _named(name: Name, scope: Scope) -> Evaluated:
    value = scope.value(name.text)
    if value is None:
        near = _as_sizes(name.text, scope) or scope.suggestions(name.text, scope.names())
        scope.complain(words_values.unknown_name(name.text, name.span, near))
        return UNKNOWN
    return value


def _as_sizes(text: str, scope: Scope) -> tuple[str, ...]:
    """What `KxK` and `HxW` were meant for, `K` and `H W`: only digits are joined by `x`."""
    parts = text.split("x")
    if len(parts) == 1 or any(scope.value(part) is None for part in parts):
        return ()
    return (parts[0] if len(set(parts)) == 1 else " ".join(parts),)


def found(atom: Atom) -> str:
    """What an atom is, in words: what stands after `found` in a message."""
    match atom:
        case Number():
            return f"`{atom.span.text}`" if len(atom.span.text) <= 24 else "a long number"
        case Size():
            return "a size"
        case Name():
            return f"the name `{atom.text[:40]}`"
        case Text():
            return "a text"
        case Range():
            return "a range"
        case List():
            return "a list"
        case Call():
            return f"`{atom.name.text[:40]}(…)`"
        case Binary() | Negative():
            return "an expression"
        case Broken():
            return "something else"


def _bounded(value: int | float, span: Span, scope: Scope) -> Evaluated:
    small = abs(value) <= LARGEST_WHOLE if isinstance(value, int) else math.isfinite(value)
    if small:
        return value
    scope.complain(words_values.too_large(span))
    return UNKNOWN


def _binary(binary: Binary, left: Evaluated, right: Evaluated, scope: Scope) -> Evaluated:
    if isinstance(left, tuple) or isinstance(right, tuple):
        wrong = binary.left if isinstance(left, tuple) else binary.right
        scope.complain(words_values.arithmetic_with("a size", binary.operator, wrong.span))
        return UNKNOWN
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return UNKNOWN
    if binary.operator in ("/", "//", "%") and right == 0:
        scope.complain(words_values.division_by_zero(binary.right.span))
        return UNKNOWN
    return _computed(binary, left, right, scope)


def _computed(binary: Binary, left: int | float, right: int | float, scope: Scope) -> Evaluated:
    match binary.operator:
        case "+":
            value = left + right
        case "-":
            value = left - right
        case "*":
            value = left * right
        case "//":
            value = left // right
        case "%":
            value = left % right
        case _:
            return _divided(binary, left, right, scope)
    return _bounded(value, binary.span, scope)


def _divided(binary: Binary, left: int | float, right: int | float, scope: Scope) -> Evaluated:
    """`/`: exact on whole numbers, or an error. A traced number remembers an inexact one, but here there is none."""
    if isinstance(left, float) or isinstance(right, float):
        return _bounded(left / right, binary.span, scope)
    if int(left) % int(right):
        scope.complain(words_values.inexact(int(left), int(right), binary.span))
        return UNKNOWN
    return left // right


def constant(value: Evaluated) -> Evaluated:
    """Without its closed form."""
    return int(value) if isinstance(value, Traced) else value
