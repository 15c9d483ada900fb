"""`--set train.sgd.rate=0.1`: settings from outside, woven into the statements of a file before they are checked.

So a setting is checked exactly like what it replaces, and its mistakes are located in the setting itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from netspec.check.suggest import suggestions
from netspec.check.vocabulary.recipe import SELECTION
from netspec.check.vocabulary.tables import AUGMENT, DATA, SCHEDULES, TRAIN
from netspec.check.words import training as words
from netspec.diagnostics.message import Report
from netspec.diagnostics.text import Source, Span
from netspec.syntax.parse import parse_argument
from netspec.syntax.tree import Argument, Body, Name, Network, Statement, Text

BLOCKS = {"train": TRAIN, "augment": AUGMENT}
PATHS = ("data", "data.labels", "data.test", "data.test_labels")
"""Settings whose value is a path; that of `data` may be a name."""
LASTING = {
    "data": frozenset(slot.name for slot in SELECTION),
    "schedule": frozenset(slot.name for slot in SCHEDULES["constant"].attributes),
}
"""Attributes that mean the same for every data set, for every schedule."""


def apply_settings(network: Network, settings: Sequence[str], report: Report) -> Network:
    """The file with every setting in its place. Mistakes are reported (E227) and their setting left out."""
    for setting in settings:
        source = Source(f"--set {setting}", setting)
        argument = _whole_path(source) or parse_argument(source, report)
        if argument is not None:
            network = _apply(network, argument, report)
    return network


def _whole_path(source: Source) -> Argument | None:
    """`data=images/train.gz`: everything behind the sign is a path when it is no name and does not begin with a quote.

    So it may hold what no text in quotes can: a quote, a line end, a blank at its end.
    """
    key, _, rest = source.text.partition("=")
    value, name = rest.lstrip(), key.strip()
    is_name = name == "data" and value.strip() in DATA
    if name not in PATHS or not value or value.startswith('"') or is_name:
        return None
    start = len(source.text) - len(value)
    return Argument(
        Name(name, Span(source, 0, len(key))),
        Text(value, Span(source, start, len(source.text))),
        Span(source, 0, len(source.text)),
    )


def _apply(network: Network, argument: Argument, report: Report) -> Network:
    key = argument.key
    path = key.text.split(".") if key is not None else []
    if key is None or not _is_known(path):
        span = key.span if key is not None else argument.span
        text = key.text if key is not None else span.text
        report.add(words.unknown_setting(text, span, suggestions(text, _all_paths())))
        return network
    where = [Name(part, key.span) for part in path]
    return replace(network, statements=_woven(network.statements, where, argument))


def _is_known(path: list[str]) -> bool:
    match path:
        case ["data"] | ["data", _]:
            return True
        case [block, line] | [block, line, _] if block in BLOCKS:
            return line in BLOCKS[block]
        case _:
            return False


def _all_paths() -> tuple[str, ...]:
    """Everything that can be set, for suggestions."""
    paths = ["data", *(f"data.{slot.name}" for slot in DATA["PATH"].attributes)]
    for block, lines in BLOCKS.items():
        for line in lines.values():
            paths.append(f"{block}.{line.name}")
            paths += [f"{block}.{line.name}.{slot.name}" for slot in line.attributes]
    slots = {slot.name for entry in SCHEDULES.values() for slot in entry.attributes}
    return (*paths, *(f"train.schedule.{name}" for name in sorted(slots)))


def _woven(statements: tuple[Statement, ...], path: list[Name], argument: Argument) -> tuple[Statement, ...]:
    """The statements with the setting in the one that `path` begins with; a new one where there is none."""
    head, *rest = path
    known = next((k for k, statement in enumerate(statements) if statement.name.text == head.text), None)
    old = statements[known] if known is not None else Statement(head, (), (), (), argument.span)
    new = _changed(old, rest, argument)
    return (*statements, new) if known is None else (*statements[:known], new, *statements[known + 1 :])


def _changed(statement: Statement, rest: list[Name], argument: Argument) -> Statement:
    if not rest:
        return _with_value(statement, argument)
    if statement.name.text in BLOCKS:
        body = statement.bodies[0] if statement.bodies else Body((), argument.span)
        return replace(
            statement, bodies=(replace(body, statements=_woven(body.statements, rest, argument)), *statement.bodies[1:])
        )
    return _with_attribute(statement, rest[0], argument)


def _with_value(statement: Statement, argument: Argument) -> Statement:
    """Replaces the positional argument. Attributes that only the old schedule or data set had go with it."""
    given = Argument(None, argument.value, argument.value.span)
    lasting = LASTING.get(statement.name.text)
    kept = tuple(one for one in statement.arguments if one.key is not None and (not lasting or one.key.text in lasting))
    return replace(statement, arguments=(given, *kept))


def _with_attribute(statement: Statement, key: Name, argument: Argument) -> Statement:
    """Replaces or adds `key=value`. A flag of that name is replaced too."""
    kept = tuple(
        one
        for one in statement.arguments
        if (one.key is None or one.key.text != key.text)
        and not (one.key is None and isinstance(one.value, Name) and one.value.text == key.text)
    )
    return replace(statement, arguments=(*kept, Argument(key, argument.value, argument.span)))
