"""The `train` block: every line once, checked by itself; `fitting.py` then checks it against the net."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, NamedTuple, cast

from netspec.check.arguments import Bound, bind
from netspec.check.recipe.times import warn_late
from netspec.check.scope import UNKNOWN, Scope
from netspec.check.vocabulary import synonyms
from netspec.check.vocabulary.kinds import Entry
from netspec.check.vocabulary.tables import AUGMENT, SCHEDULES, TRAIN
from netspec.check.words import arguments as words_arguments
from netspec.check.words import structure as words
from netspec.check.words import training as words_training
from netspec.diagnostics.text import Span
from netspec.ir.operations import LossName
from netspec.ir.recipe import Number, Schedule, Sgd, TrainOptions, Transform
from netspec.syntax.tree import Argument, Name, Statement


class Training(NamedTuple):
    """A `train` block by itself. `loss` is None where the net decides it."""

    options: TrainOptions
    loss: LossName | None


def read_lines(statement: Statement, block: str, entries: dict[str, Entry], scope: Scope) -> list[Statement]:
    """The statements of a `train` or `augment` block that it knows; the others are reported."""
    if statement.arguments or statement.trailing:
        arguments = (*statement.arguments, *statement.trailing)
        span = arguments[0].span.to(arguments[-1].span)
        scope.complain(words.malformed(block, f"`{block} {{ … }}`", span))
    if len(statement.bodies) != 1:
        scope.complain(words.malformed(block, f"`{block} {{ … }}`", statement.name.span))
        return []
    known: list[Statement] = []
    for line in statement.bodies[0].statements:
        if line.name.text in entries:
            known.append(line)
        elif line.name.text:
            near = tuple(n for n in scope.suggestions(line.name.text, entries, synonyms.LINES) if n in entries)
            scope.complain(words.unknown_line(f"`{block}`", line.name, near, tuple(entries)))
    return known


def bind_line(line: Statement, entry: Entry, arguments: tuple[Argument, ...], scope: Scope) -> Bound:
    """Binds a line, which takes no block."""
    if line.bodies:
        scope.complain(words.takes_no_body(entry, line.bodies[0].span))
    return bind(line.name.span, arguments, entry, scope)


def check_train(statement: Statement, scope: Scope) -> Training:
    """Every line of a `train` block, with defaults for what is left out."""
    bound: dict[str, Bound] = {}
    lines: dict[str, Span] = {}
    statements: dict[str, Statement] = {}
    schedule = Schedule()
    for line in read_lines(statement, "train", TRAIN, scope):
        name = line.name.text
        if name in lines:
            scope.complain(words.second_statement(line.name, lines[name]))
            continue
        lines[name], statements[name] = _line_span(line), line
        if name == "schedule":
            schedule = _schedule(line, scope)
        else:
            bound[name] = bind_line(line, TRAIN[name], line.arguments, scope)
    options = replace(_options(bound, schedule, statement.name.span, scope), lines=lines)
    if not scope.report.failed:
        warn_late(options, statements, scope)
    return Training(options, _loss(bound))


def _line_span(line: Statement) -> Span:
    return line.name.span.to(line.arguments[-1].span) if _same_source(line) else line.name.span


def _same_source(line: Statement) -> bool:
    """A line that a setting changed holds places of two sources."""
    return bool(line.arguments) and line.arguments[-1].span.source is line.name.span.source


def _loss(bound: dict[str, Bound]) -> LossName | None:
    return cast("LossName | None", _value(bound, "loss", "NAME"))


def _value(bound: dict[str, Bound], line: str, name: str) -> object:
    """The value of a line's argument; its default where the line is left out or wrong."""
    value = bound[line].values[name] if line in bound else UNKNOWN
    if value is not UNKNOWN:
        return value
    slots = (*TRAIN[line].positional, *TRAIN[line].attributes)
    return next(slot.default for slot in slots if slot.name == name)


def _options(bound: dict[str, Bound], schedule: Schedule, span: Span, scope: Scope) -> TrainOptions:
    batch = _value(bound, "batch", "N")
    return TrainOptions(
        loss=_loss(bound) or "cross_entropy",
        sgd=_sgd(bound, scope),
        schedule=schedule,
        batch=None if batch == "all" else int(cast("int", batch)),
        epochs=int(cast("int", _value(bound, "epochs", "N"))),
        stop_patience=int(cast("int", _value(bound, "stop", "patience"))) if "stop" in bound else None,
        precision=cast('Literal["float32", "tf32", "bf16"]', _value(bound, "precision", "NAME")),
        seed=int(cast("int", _value(bound, "seed", "N"))),
        span=span,
    )


def _sgd(bound: dict[str, Bound], scope: Scope) -> Sgd:
    def real(name: str) -> float:
        return float(cast("float", _value(bound, "sgd", name)))

    sgd = Sgd(real("rate"), real("momentum"), real("decay"), bool(_value(bound, "sgd", "nesterov")))
    if sgd.nesterov and sgd.momentum == 0 and "momentum" not in bound["sgd"].spans:
        scope.complain(words_training.nesterov_without_momentum(bound["sgd"].spans["nesterov"]))
    return sgd


def _schedule(line: Statement, scope: Scope) -> Schedule:
    """A schedule: its kind decides which attributes it takes. Without a kind it is `constant`."""
    place = next((k for k, argument in enumerate(line.arguments) if argument.key is None), None)
    if place is None:
        return _of_kind(line, "constant", _known_without_kind(line.arguments, scope), scope)
    named, rest = line.arguments[place], (*line.arguments[:place], *line.arguments[place + 1 :])
    if not isinstance(named.value, Name) or named.value.text not in SCHEDULES:
        bind_line(line, TRAIN["schedule"], (named,), scope)
        return Schedule()
    if place > 0:
        scope.complain(words_arguments.late_positional(TRAIN["schedule"], named.span, line.arguments[0].span))
    return _of_kind(line, named.value.text, rest, scope)


def _known_without_kind(arguments: tuple[Argument, ...], scope: Scope) -> tuple[Argument, ...]:
    """The attributes of a schedule without a kind, less those that only other kinds take, which are reported."""
    foreign = tuple(argument for argument in arguments if _belongs_to_a_kind(argument.key))
    keys = [argument.key for argument in foreign if argument.key is not None]
    if keys:
        kinds = [kind for kind in SCHEDULES if all(SCHEDULES[kind].slot(key.text) for key in keys)]
        kinds = kinds or [kind for kind in SCHEDULES if SCHEDULES[kind].slot(keys[0].text)]
        scope.complain(words_training.kind_left_out(keys[0], tuple(kinds)))
    return tuple(argument for argument in arguments if argument not in foreign)


def _belongs_to_a_kind(key: Name | None) -> bool:
    """Whether a schedule has the attribute, and `constant` has not."""
    text = key.text if key is not None else ""
    return not SCHEDULES["constant"].slot(text) and any(entry.slot(text) for entry in SCHEDULES.values())


def _of_kind(line: Statement, kind: str, arguments: tuple[Argument, ...], scope: Scope) -> Schedule:
    """The schedule `kind` with its attributes, which stand in `arguments`."""
    named = any(argument.key is None for argument in line.arguments)
    entry = SCHEDULES[kind] if named else SCHEDULES[kind]._replace(name="schedule")
    bound = bind_line(line, entry, arguments, scope)
    values = bound.values
    if kind == "step" and not bound.doubtful:
        _check_step(line.arguments[0].span, bound, scope)
    return Schedule(
        kind=kind,
        every=cast("Number | None", values.get("every")),
        at=cast("tuple[Number, ...]", values.get("at", ())),
        factor=float(cast("float", values.get("factor", 0.1))),
        patience=int(cast("int", values.get("patience", 0))),
        warmup=cast("Number", values["warmup"]),
        span=_line_span(line),
    )


def _check_step(span: Span, bound: Bound, scope: Scope) -> None:
    given = {"every", "at"} & bound.spans.keys()
    if len(given) != 1:
        scope.complain(words_training.step_times(span, bool(given)))


def check_augment(statement: Statement, scope: Scope) -> tuple[Transform, ...]:
    """Every line of an `augment` block, in order. A line that is wrong is left out."""
    transforms: list[Transform] = []
    first: dict[str, Span] = {}
    for line in read_lines(statement, "augment", AUGMENT, scope):
        name = line.name.text
        once = _once(line)
        if once in first:
            scope.complain(words.second_statement(line.name, first[once]))
            continue
        first[once] = line.name.span
        bound = bind_line(line, AUGMENT[name], line.arguments, scope)
        if UNKNOWN not in bound.values.values():
            transforms.append(Transform(name, _transform_values(name, bound), _line_span(line)))
    return tuple(transforms)


def _once(line: Statement) -> str:
    """What may stand once in the block: a transform, or a mirror of one direction."""
    name = line.name.text
    vertical = any(isinstance(one.value, Name) and one.value.text == "vertical" for one in line.arguments)
    return "mirror vertical" if name == "mirror" and vertical else name


TransformValues = dict[str, Number | str | tuple[float, float]]

VALUE_NAMES = {
    "shift": "pixels",
    "rotate": "degrees",
    "scale": "range",
    "mirror": "axis",
    "brightness": "amount",
    "contrast": "amount",
    "noise": "deviation",
    "cutout": "side",
}
"""How a transform calls its positional argument."""


def _transform_values(name: str, bound: Bound) -> TransformValues:
    if name == "crop":
        height, width = bound.pair("SIZE")
        return {"height": height, "width": width, "pad": bound.whole("pad")}
    values = cast("TransformValues", dict(bound.values))
    positional = bound.entry.positional
    return {VALUE_NAMES[name]: values[positional[0].name]} if positional else values
