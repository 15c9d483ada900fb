"""A syntax tree as text, a statement a line with its place: `netspec compile --emit tree`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from netspec.syntax import tree
from netspec.syntax.tree import Argument, Atom, Network, Statement


def show(network: Network) -> str:
    """The whole tree, indented as it nests. Ends with a newline."""
    return "".join(f"{line}\n" for statement in network.statements for line in _lines(statement, 0))


def _lines(statement: Statement, depth: int) -> Iterator[str]:
    place = f"{statement.span.line}:{statement.span.column}"
    words = " ".join((statement.name.text, *map(_argument, statement.arguments)))
    yield f"{place:<8}{'    ' * depth}{words}"
    for body in statement.bodies:
        if len(statement.bodies) > 1:
            yield f"{body.span.line}:{body.span.column}".ljust(8) + "    " * depth + "{"
        for inner in body.statements:
            yield from _lines(inner, depth + 1)
    if statement.trailing:
        yield " " * 8 + "    " * depth + " ".join(map(_argument, statement.trailing))


def _argument(argument: Argument) -> str:
    return f"{argument.key.text}={_atom(argument.value)}" if argument.key else _atom(argument.value)


def _atom(atom: Atom) -> str:
    """The kind of an atom and what it holds: `Size(1x28x28)`."""
    match atom:
        case tree.Number() | tree.Size() | tree.Name() | tree.Text() | tree.Range():
            return _leaf(atom)
        case tree.Binary(operator, left, right):
            return f"Binary({_atom(left)} {operator} {_atom(right)})"
        case tree.Negative(operand):
            return f"Negative({_atom(operand)})"
        case tree.List(items):
            return f"List({', '.join(map(_atom, items))})"
        case tree.Call(name, arguments):
            return f"Call({name.text}: {', '.join(map(_argument, arguments))})"
        case tree.Broken():
            return "Broken"
        case _:
            assert_never(atom)


def _leaf(atom: tree.Number | tree.Size | tree.Name | tree.Text | tree.Range) -> str:
    match atom:
        case tree.Number(value):
            return f"Number({value})"
        case tree.Size(sizes):
            return f"Size({'x'.join(map(str, sizes))})"
        case tree.Name(text):
            return f"Name({text})"
        case tree.Text(value):
            return f'Text("{value}")'
        case tree.Range(low, high):
            return f"Range({low}..{high})"
        case _:
            assert_never(atom)
