"""Elaborates the statements of a body: layers, calls of blocks, repeats, branches, `use`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

from netspec.check.arguments import Bound, bind
from netspec.check.expressions import evaluate
from netspec.check.net.draft import Draft, GivenUpError, find_layer
from netspec.check.net.flow import Flow, Instance, Record
from netspec.check.net.layers import EMITTERS, join
from netspec.check.net.naming import name_layer, name_part
from netspec.check.net.place import DEEPEST_NESTING, MOST_STATEMENTS, Place
from netspec.check.scope import Block, CallSite, Evaluated, Scope
from netspec.check.vocabulary import synonyms
from netspec.check.vocabulary.kinds import Entry
from netspec.check.vocabulary.tables import LAYERS, TOP_LEVEL
from netspec.check.words import structure as words
from netspec.diagnostics.message import Report
from netspec.diagnostics.text import Span
from netspec.ir.operations import Activation
from netspec.ir.traced import form_of
from netspec.syntax.tree import Body, Call, Name, Statement


def elaborate_body(place: Place, body: Body, flow: Flow | None) -> Flow | None:
    """What the statements of a body make of `flow`; None where the shape is unknown."""
    if place.depth > DEEPEST_NESTING:
        place.complain(words.too_deep(DEEPEST_NESTING, body.span))
        return None
    for statement in body.statements:
        flow = elaborate_statement(place, statement, flow)
    return flow


def elaborate_statement(place: Place, statement: Statement, flow: Flow | None) -> Flow | None:
    """What one statement makes of `flow`."""
    place.net.spend(1, statement.name.span)
    name = statement.name.text
    block = place.scope.module.blocks.get(name)
    if block is not None:
        return _call(place, statement, block, flow)
    if name in STRUCTURES:
        return STRUCTURES[name](place, statement, flow)
    if name in EMITTERS:
        return _layer(place, statement, flow)
    return _refuse(place, statement)


def _refuse(place: Place, statement: Statement) -> None:
    """A statement that no body can hold: an unknown layer, whose blocks are looked into, or a word of the top level."""
    name = statement.name
    if name.text == "input":
        place.complain(words.second_input(name.span))
        return
    if name.text in TOP_LEVEL:
        place.complain(words.misplaced(name, "inside a net or block", "at the top level of the file"))
        return
    if name.text:
        known = (*LAYERS, *place.scope.module.blocks)
        place.complain(words.unknown_layer(name, place.scope.suggestions(name.text, known, synonyms.LAYERS)))
    for body in statement.bodies:
        elaborate_body(place.inside(), body, None)


def bound(place: Place, statement: Statement, entry: Entry) -> Bound:
    """The statement's arguments, bound once for every scope it is elaborated in."""
    known = place.scope.bound.get(id(statement))
    if known is None:
        arguments = (*statement.arguments, *statement.trailing)
        known = bind(statement.name.span, arguments, entry, place.scope)
        _check_bodies(place, statement, entry)
        place.scope.bound[id(statement)] = known
    return cast("Bound", known)


def _check_bodies(place: Place, statement: Statement, entry: Entry) -> None:
    """Whether the statement has as many blocks as its entry wants."""
    low, high = entry.bodies
    found = len(statement.bodies)
    if found and high == 0:
        place.complain(words.takes_no_body(entry, statement.bodies[0].span))
    elif not low <= found <= high:
        span = statement.name.span if found < low else statement.bodies[high].span
        place.complain(words.number_of_bodies(entry, found, span))
    flags = [one for one in statement.arguments if isinstance(one.value, (Name, Call)) and one.key is None]
    if high > 1 and flags:
        span = flags[0].span.to(flags[-1].span)
        place.complain(words.flags_before_body(entry, span))


# --- layers ----------------------------------------------------------------------------------------------------------


def _layer(place: Place, statement: Statement, flow: Flow | None) -> Flow | None:
    name = statement.name.text
    arguments = bound(place, statement, LAYERS[name])
    for body in statement.bodies:
        elaborate_body(place.inside(), body, None)
    full = name_layer(place, name, arguments.label)
    if flow is None or arguments.doubtful:
        _read_tie(place, arguments)
        return _named(place, full, arguments, Record(name, statement.name.span, None, arguments.label))
    draft = Draft(place, name, full, head(statement), arguments, (flow,))
    return _finish(draft, EMITTERS[name])


def head(statement: Statement) -> Span:
    """A statement without its blocks: `sum`, `conv 20 5x5 relu`."""
    return statement.name.span.to(statement.arguments[-1].span) if statement.arguments else statement.name.span


def _read_tie(place: Place, arguments: Bound) -> None:
    """A layer of unknown shape still reads the one it is tied to."""
    name = arguments.values.get("tie")
    if isinstance(name, Name):
        find_layer(place, name)


def _finish(draft: Draft, emit: Callable[[Draft], object]) -> Flow | None:
    """Emits the nodes and enters the layer; None where it does not fit."""
    flow = None
    try:
        emit(draft)
        flow = draft.enter(draft.flags(draft.nodes[-1].outputs[0]))
    except GivenUpError:
        pass
    record = Record(draft.kind, draft.span, flow, draft.bound.label, draft.weights)
    return _named(draft.place, draft.name, draft.bound, record)


def _named(place: Place, full: str, arguments: Bound, record: Record) -> Flow | None:
    """Lets later statements of this body name the layer."""
    local = arguments.label.text if arguments.label is not None else full.removeprefix(place.instance.prefix)
    place.names.records[local] = record
    return record.flow


def _flagged(place: Place, arguments: Bound, span: Span, flow: Flow | None) -> Flow | None:
    """Flags of a block call or a repeat: each is a layer of its own."""
    for flag in arguments.flags:
        flow = _flag_layer(place, flag, span, flow)
    return flow


def _flag_layer(place: Place, flag: Activation, span: Span, flow: Flow | None) -> Flow | None:
    name = name_layer(place, flag.function, None)
    if flow is None:
        return None
    plain = Bound(LAYERS[flag.function], {"SLOPE": flag.slope}, {}, (), None, False)
    return _finish(Draft(place, flag.function, name, span, plain, (flow,)), EMITTERS[flag.function])


# --- structure -------------------------------------------------------------------------------------------------------


def _repeat(place: Place, statement: Statement, flow: Flow | None) -> Flow | None:
    arguments = bound(place, statement, LAYERS["repeat"])
    body = statement.bodies[0] if statement.bodies else None
    if body is None:
        return None
    if arguments.doubtful:
        elaborate_body(place.inside(), body, None)
        return None
    copies = arguments.whole("N") if place.net.expands else 1
    if copies * max(1, len(body.statements)) > MOST_STATEMENTS:
        span = arguments.span("N", statement.name.span)
        place.complain(words.repeat_bomb(int(copies), MOST_STATEMENTS, span))
        elaborate_body(place.inside(), body, flow)
        return None
    if arguments.label is not None:
        name_part(place, "repeat", arguments.label)
        place.net.define(arguments.label)
    for _ in range(copies):
        if not body.statements:
            place.net.spend(1, body.span)
        flow = elaborate_body(place.inside(), body, flow)
        if flow is None:  # further copies would have the same mistakes
            break
    return _result(place, statement, arguments, "repeat", flow)


def _result(place: Place, statement: Statement, arguments: Bound, kind: str, flow: Flow | None) -> Flow | None:
    """Applies the flags of a block call or a repeat, and lets later statements name what comes out."""
    flow = _flagged(place, arguments, statement.name.span, flow)
    if arguments.label is not None:
        place.names.records[arguments.label.text] = Record(kind, statement.name.span, flow, arguments.label)
    return flow


def _branches(place: Place, statement: Statement, flow: Flow | None) -> Flow | None:
    """`sum` and `concat`: every branch on the same input."""
    name = statement.name.text
    arguments = bound(place, statement, LAYERS[name])
    full = name_layer(place, name, arguments.label)
    ends = [(body.span, elaborate_body(place.inside(), body, flow)) for body in statement.bodies]
    known = tuple((span, end) for span, end in ends if end is not None)
    if len(known) < max(2, len(ends)) or arguments.doubtful:
        return _named(place, full, arguments, Record(name, statement.name.span, None, arguments.label))
    flows = tuple(end for _, end in known)
    draft = Draft(place, name, full, statement.name.span, arguments, flows)
    return _finish(draft, lambda made: join(made, known, flow))


def _use(place: Place, statement: Statement, flow: Flow | None) -> Flow | None:
    arguments = bound(place, statement, LAYERS["use"])
    name = arguments.values["NAME"]
    if not isinstance(name, Name):
        return None
    record = find_layer(place, name)
    return None if record is None else record.flow


STRUCTURES: Mapping[str, Callable[[Place, Statement, Flow | None], Flow | None]] = {
    "repeat": _repeat,
    "sum": _branches,
    "concat": _branches,
    "use": _use,
}


# --- calls of blocks -------------------------------------------------------------------------------------------------


def _call(place: Place, statement: Statement, block: Block, flow: Flow | None) -> Flow | None:
    arguments = bound(place, statement, block.entry)
    place.net.called.add(id(block))
    part = name_part(place, block.name, arguments.label)
    for body in statement.bodies:
        elaborate_body(place.inside(), body, None)
    if not place.net.expands or block.recursive:
        return _result(place, statement, arguments, block.name, None)
    site = CallSite(block.name, head(statement), place.call)
    scope = _scope(place, block, arguments, site)
    if flow is None and scope.tried:
        return _result(place, statement, arguments, block.name, None)
    scope.tried = scope.tried or flow is None
    if not block.body.statements:
        place.net.spend(1, block.body.span)
    inner = place.calling(scope, site, Instance(f"{part}."))
    return _result(place, statement, arguments, block.name, elaborate_body(inner, block.body, flow))


def _scope(place: Place, block: Block, arguments: Bound, site: CallSite) -> Scope:
    """What names mean in the block for these arguments; the same scope for the same arguments."""
    given = {name: cast("Evaluated | None", arguments.values[name]) for name in arguments.values}
    key = tuple((type(value), value, form_of(value) if isinstance(value, int) else None) for value in given.values())
    if key not in block.scopes:
        block.scopes[key] = block_scope(place.net.report, block, given, site)
    return block.scopes[key]


def block_scope(report: Report, block: Block, given: Mapping[str, Evaluated | None], site: CallSite | None) -> Scope:
    """Parameters as given, and defaults for those left out (None), which may refer to parameters before them."""
    parameters: dict[str, Evaluated] = {}
    scope = Scope(report, block.module, parameters, site)
    for name, value in given.items():
        parameters[name] = evaluate(block.defaults[name], scope) if value is None else value
    return scope
