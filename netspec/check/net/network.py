"""The `net` of a file: its parameters, its body, and the graph that comes out."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import NamedTuple

from netspec.check.arguments import bind
from netspec.check.definitions import names_in
from netspec.check.expressions import evaluate
from netspec.check.modules import File, head_of, parameter_name, refuse_trailing
from netspec.check.net.bodies import elaborate_statement
from netspec.check.net.draft import MOST_ELEMENTS
from netspec.check.net.flow import Flow, Instance, Names, Record, entering
from netspec.check.net.place import Construction, ExhaustedError, Place
from netspec.check.scope import UNKNOWN, Evaluated, Module, Scope
from netspec.check.suggest import suggestions
from netspec.check.vocabulary.tables import LAYERS
from netspec.check.words import structure as words
from netspec.check.words import training as words_training
from netspec.check.words.shapes import too_large
from netspec.diagnostics.message import Report
from netspec.diagnostics.text import Source, Span
from netspec.ir.graph import Graph, Layer, Shape, Value
from netspec.ir.shapes import elements
from netspec.ir.traced import Traced
from netspec.syntax.parse import parse_argument
from netspec.syntax.tree import Argument, Body, Broken, Name, Statement


class Built(NamedTuple):
    """What became of the net: its graph, unless it failed, and the blocks it called (by identity)."""

    graph: Graph | None = None
    called: frozenset[int] = frozenset()


def check_net(file: File, given: Mapping[str, str], report: Report, *, traced: bool) -> Built:
    """Elaborates the net of a file, with `given` texts for its parameters."""
    statement = file.statements.get("net")
    if statement is None:
        for name, text in given.items():
            _refuse_parameter(name, text, "", (), report)
        return Built()
    head = head_of(statement)
    if head is None or len(statement.bodies) != 1:
        if not any(isinstance(one.value, Broken) for one in statement.arguments):
            report.add(words.malformed("net", "`net NAME { … }` or `net NAME(D=32) { … }`", statement.name.span))
        return Built()
    refuse_trailing(statement, report)
    name, declared = head
    values = _parameters(name, declared, given, file.module, report, traced=traced)
    return _build(name, statement.bodies[0], Scope(report, file.module, values), report)


def settable_input(net: Statement) -> frozenset[str]:
    """What of the net's input depends on a parameter of the net, so that it can be set from outside: `channels`, which
    come first, and `size`."""
    head = head_of(net)
    declared = {name.text for one in (head[1] if head else ()) if (name := parameter_name(one)) is not None}
    image = next((one for body in net.bodies for one in body.statements if one.name.text == "input"), None)
    atoms = [argument.value for argument in image.arguments] if image is not None else []
    depends = [any(name.text in declared for name in names_in(atom)) for atom in atoms]
    return frozenset({"channels"} if any(depends[:1]) else ()) | frozenset({"size"} if any(depends) else ())


# --- parameters ------------------------------------------------------------------------------------------------------


def _parameters(
    net: Name, declared: tuple[Argument, ...], given: Mapping[str, str], module: Module, report: Report, *, traced: bool
) -> dict[str, Evaluated]:
    """The value of every parameter: from outside, else its default, which may use those before it."""
    values: dict[str, Evaluated] = {}
    first: dict[str, Span] = {}
    scope = Scope(report, module, values)
    for parameter in declared:
        name = parameter_name(parameter)
        if name is None:
            if not isinstance(parameter.value, Broken):
                report.add(words.malformed("parameter", "`NAME=VALUE`", parameter.span))
            continue
        if name.text in first:
            report.add(words.defined_twice("parameter", name, first[name.text]))
            continue
        first[name.text] = name.span
        value = _given(name.text, given[name.text], report) if name.text in given else _default(parameter, scope, net)
        values[name.text] = Traced(value, name.text) if traced and isinstance(value, int) else value
    for name, text in given.items():
        if name not in values:
            _refuse_parameter(name, text, net.text, tuple(values), report)
    return values


def _given(name: str, text: str, report: Report) -> Evaluated:
    """The number that `--with NAME=TEXT` gives."""
    source = _outside(name, text)
    argument = parse_argument(source, report)
    if argument is None:
        return UNKNOWN
    return evaluate(argument.value, Scope(report, Module(), {}))


def _outside(name: str, text: str) -> Source:
    return Source(f"--with {name}={text}", f"{name}={text}")


def _default(parameter: Argument, scope: Scope, net: Name) -> Evaluated:
    if parameter.key is not None:
        return evaluate(parameter.value, scope)
    name = parameter_name(parameter)
    if name is not None:
        scope.complain(words_training.parameter_without_value(name.text, net.text, name.span))
    return UNKNOWN


def _refuse_parameter(name: str, text: str, net: str, known: tuple[str, ...], report: Report) -> None:
    source = _outside(name, text)
    argument = parse_argument(source, report)
    if argument is not None and argument.key is not None:
        near = suggestions(name, known)
        report.add(words_training.unknown_parameter(name, net, argument.key.span, known, near))


# --- the body --------------------------------------------------------------------------------------------------------


def _build(net: Name, body: Body, scope: Scope, report: Report) -> Built:
    construction = Construction(report)
    place = Place(construction, scope, Names(), Instance())
    output = None
    with suppress(ExhaustedError):
        output = _series(place, net, body)
    called = frozenset(construction.called)
    if output is None or output.previous is None:
        return Built(None, called)
    builder = construction.builder
    arguments = {name: value for name, value in scope.parameters.items() if isinstance(value, int | float)}
    graph = builder.graph(net.text, builder.layers[0].output, output.value, arguments)
    if not report.failed:
        _warn_dead(builder.layers, graph, report)
        for label in construction.unread:
            report.add(words.unused("layer", label))
    return Built(graph, called)


def _series(place: Place, net: Name, body: Body) -> Flow | None:
    """The statements of the net: `input`, then layers."""
    if not body.statements:
        place.complain(words.empty_net(net.text, net.span))
        return None
    first, *rest = body.statements
    flow = None
    if first.name.text == "input":
        flow = _input(place, first)
    else:
        if first.name.text:
            place.complain(words.input_first(first.name.span))
        rest = [statement for statement in body.statements if statement.name.text != "input"]
    if not rest:
        place.complain(words.no_layers(net.text, net.span))
    for statement in rest:
        place.net.current = statement.name.span
        flow = elaborate_statement(place, statement, flow)
    return flow


def _input(place: Place, statement: Statement) -> Flow | None:
    entry = LAYERS["input"]
    bound = bind(statement.name.span, (*statement.arguments, *statement.trailing), entry, place.scope)
    if statement.bodies:
        place.complain(words.takes_no_body(entry, statement.bodies[0].span))
    span = statement.name.span.to(statement.arguments[-1].span) if statement.arguments else statement.name.span
    known = bound.values["SIZE"] is not UNKNOWN
    flow = _image(place, bound.size("SIZE"), bound.span("SIZE", span), span) if known else None
    place.names.records["input"] = Record("input", span, flow, None)
    return flow


def _image(place: Place, shape: Shape, where: Span, span: Span) -> Flow | None:
    """The net's input as a flow; None (E303) when it is too large."""
    if elements(shape) > MOST_ELEMENTS:
        place.complain(too_large("input", shape, MOST_ELEMENTS, where))
        return None
    value = Value("input", shape)
    place.net.add_layer(Layer("input", "input", span, (), value, (), (), ()))
    return entering(value, span)


def _warn_dead(layers: list[Layer], graph: Graph, report: Report) -> None:
    """Layers that nothing reads, unless another copy of the same statement is read."""
    living = {layer.name for layer in graph.layers}
    alive = {(layer.span.source.name, layer.span.start) for layer in graph.layers}
    for layer in layers:
        if layer.name not in living and (layer.span.source.name, layer.span.start) not in alive:
            report.add(words.dead(layer.span))
