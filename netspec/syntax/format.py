"""A tree as text, in one layout: a statement a line, four spaces a level.

`parse(format_network(t)) == t` for every tree that was read without errors. Comments and blank lines are not in the
tree and do not come back.
"""

from __future__ import annotations

from typing import assert_never

from netspec.syntax.tree import (
    Argument,
    Atom,
    Binary,
    Body,
    Broken,
    Call,
    List,
    Name,
    Negative,
    Network,
    Number,
    Range,
    Size,
    Statement,
    Text,
)

INDENTATION = "    "
SUM, PRODUCT, FACTOR = 1, 2, 3
BINDING = {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "//": PRODUCT, "%": PRODUCT}
"""how strongly an operator binds; those that bind alike are read from left to right"""


def format_network(network: Network) -> str:
    """The canonical text of a network; empty, or ending with a newline. `Broken` places come out as they were read."""
    return "".join(f"{line}\n" for line in _lines(network.statements))


def format_atom(atom: Atom) -> str:
    """An atom as it stands in the place of an argument: arithmetic in parentheses."""
    match atom:
        case Number(value):
            return repr(value)
        case Size(sizes):
            return "x".join(map(str, sizes))
        case Name(text):
            return text
        case Text(value):
            return f'"{value}"'
        case Range(low, high):
            return f"{low!r}..{high!r}"
        case Binary() | Negative():
            return f"({_expression(atom, SUM)})"
        case List(items):
            return f"({' '.join(map(format_atom, items))})"
        case Call(name, arguments):
            return f"{name.text}({', '.join(map(_argument, arguments))})"
        case Broken(span):
            return span.text
        case _:
            assert_never(atom)


def _expression(atom: Atom, strength: int) -> str:
    """A part of an expression, in parentheses where it binds less than its place asks for."""
    match atom:
        case Binary(operator, left, right):
            binding = BINDING[operator]
            text = f"{_expression(left, binding)}{operator}{_expression(right, binding + 1)}"
            return text if binding >= strength else f"({text})"
        case Negative(operand):
            return f"-{_expression(operand, FACTOR)}"
        case _:
            return format_atom(atom)


def _argument(argument: Argument) -> str:
    value = format_atom(argument.value)
    return value if argument.key is None else f"{argument.key.text}={value}"


def _lines(statements: tuple[Statement, ...]) -> list[str]:
    return [line for statement in statements for line in _statement(statement)]


def _statement(statement: Statement) -> list[str]:
    """The lines of one statement: its head, its bodies joined by `} {`, and what follows the last of them."""
    lines = [" ".join([statement.name.text, *map(_argument, statement.arguments)])]
    for body in statement.bodies:
        first, *rest = _body(body)
        lines[-1] += f" {first}"
        lines += rest
    lines[-1] = " ".join([lines[-1], *map(_argument, statement.trailing)])
    return lines


def _body(body: Body) -> list[str]:
    if not body.statements:
        return ["{}"]
    return ["{", *(INDENTATION + line for line in _lines(body.statements)), "}"]
