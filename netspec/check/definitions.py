"""The lets of a file: evaluated in any order they may stand in, however long the chain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from netspec.check.expressions import evaluate
from netspec.check.net.cycles import Cycle, Finished, walk
from netspec.check.scope import UNKNOWN, Module, Scope
from netspec.check.words import structure as words
from netspec.diagnostics.message import Report
from netspec.syntax.tree import Argument, Atom, Binary, Body, Call, List, Name, Negative, Statement


def names_in(atom: Atom) -> Iterator[Name]:
    """All names that an atom mentions."""
    waiting: list[Atom] = [atom]
    while waiting:
        match waiting.pop():
            case Name() as name:
                yield name
            case Binary() as binary:
                waiting += (binary.left, binary.right)
            case Negative() as negative:
                waiting.append(negative.operand)
            case List() as items:
                waiting += items.items
            case Call() as call:
                yield call.name
                waiting += (argument.value for argument in call.arguments)
            case _:
                pass


def statements_in(body: Body) -> Iterator[Statement]:
    """All statements of a body, those of inner bodies included."""
    waiting = list(body.statements)
    while waiting:
        statement = waiting.pop()
        yield statement
        for inner in statement.bodies:
            waiting += inner.statements


def evaluate_lets(lets: Mapping[str, Argument], module: Module, report: Report) -> None:
    """Puts the value of every let into the module; a let on a cycle (E210) is unknown."""
    scope = Scope(report, module, {})

    def needs(let: str) -> Iterator[Name]:
        return (name for name in names_in(lets[let].value) if name.text in lets)

    for event in walk(iter(lets), needs):
        match event:
            case Cycle(members, closing):
                module.lets.update(dict.fromkeys(members, UNKNOWN))
                scope.complain(words.cycle_of_lets(closing, (*members, closing.text)))
            case Finished(name):
                if name not in module.lets:
                    module.lets[name] = evaluate(lets[name].value, scope)
