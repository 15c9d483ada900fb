"""Warnings about what a file defines and never uses. A library is written for others: its lets and blocks are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from netspec.check.definitions import names_in, statements_in
from netspec.check.modules import File, head_of, parameter_name
from netspec.check.words import structure as words
from netspec.diagnostics.message import Report
from netspec.syntax.tree import Argument, Atom, Body, Network, Statement


def warn_unused(network: Network, file: File, report: Report) -> None:
    """Lets, blocks and parameters of this file that nothing mentions."""
    for statement in network.statements:
        if statement.name.text in ("block", "net"):
            _warn_parameters(statement, report)
    if "net" not in file.statements:
        return
    mentioned = {name for statement in network.statements for name in _mentioned(statement)}
    for argument in file.lets.values():
        if argument.key is not None and argument.key.text not in mentioned:
            report.add(words.unused("let", argument.key))
    for block in file.blocks.values():
        if block.name not in mentioned:
            report.add(words.unused("block", block.where))


def _warn_parameters(statement: Statement, report: Report) -> None:
    head = head_of(statement)
    parameters = head[1] if head is not None else ()
    mentioned = {*_in_arguments(_defaults(parameters)), *_in_bodies(statement.bodies)}
    for parameter in parameters:
        name = parameter_name(parameter)
        if name is not None and name.text not in mentioned:
            report.add(words.unused("parameter", name))


def _mentioned(statement: Statement) -> Iterator[str]:
    """The names that a statement of the top level mentions, without the one it defines."""
    match statement.name.text:
        case "let":
            yield from _in_arguments(argument.value for argument in statement.arguments)
        case "block" | "net":
            head = head_of(statement)
            yield from _in_arguments(_defaults(head[1] if head is not None else ()))
        case _:
            yield from _in_arguments(argument.value for argument in (*statement.arguments, *statement.trailing))
    yield from _in_bodies(statement.bodies)


def _defaults(parameters: tuple[Argument, ...]) -> Iterator[Atom]:
    return (parameter.value for parameter in parameters if parameter.key is not None)


def _in_arguments(atoms: Iterable[Atom]) -> Iterator[str]:
    return (name.text for atom in atoms for name in names_in(atom))


def _in_bodies(bodies: tuple[Body, ...]) -> Iterator[str]:
    for body in bodies:
        for statement in statements_in(body):
            yield statement.name.text
            yield from _in_arguments(argument.value for argument in (*statement.arguments, *statement.trailing))
