"""What is said about statements, names of layers, blocks and limits (E201, E208 to E221, E307, E308, W2xx)."""

from __future__ import annotations

from netspec.check.vocabulary.kinds import Entry
from netspec.check.words.phrases import article, code, either, error, many, warning
from netspec.diagnostics.message import Diagnostic, Label
from netspec.diagnostics.text import Span
from netspec.syntax.tree import Name, Statement


def unknown_layer(name: Name, near: tuple[str, ...]) -> Diagnostic:
    return error(
        "E201",
        f"unknown layer {code(name.text)}",
        name.span,
        "neither a layer nor a block",
        helps=(f"did you mean {either(near)}?",) if near else ("`netspec layers` lists all layers",),
        repair=near[0] if len(near) == 1 else None,
    )


def unknown_line(place: str, name: Name, near: tuple[str, ...], known: tuple[str, ...]) -> Diagnostic:
    return error(
        "E229",
        f"{place} has no {code(name.text)}",
        name.span,
        "unknown here",
        helps=(f"did you mean {either(near)}?",) if near else (f"it takes {either(known)}",),
        repair=near[0] if len(near) == 1 else None,
    )


def misplaced(name: Name, here: str, belongs: str) -> Diagnostic:
    return error("E220", f"{code(name.text)} cannot stand {here}", name.span, f"belongs {belongs}")


def input_first(span: Span) -> Diagnostic:
    return error(
        "E220",
        "the first statement of a net must be `input`",
        span,
        "stands before any input",
        helps=("start with the size of an image, such as `input 1x28x28`",),
    )


def second_input(span: Span) -> Diagnostic:
    return error("E220", "`input` must be the first statement of the net", span, "only one, and only there")


def empty_net(name: str, span: Span) -> Diagnostic:
    return error(
        "E203",
        f"net {code(name)} has no `input`",
        span,
        "missing input",
        helps=("start with the size of an image, such as `input 1x28x28`",),
    )


def no_layers(name: str, span: Span) -> Diagnostic:
    return error("E310", f"net {code(name)} has no layer after its input", span, "add a layer, such as `dense 10`")


def takes_no_body(entry: Entry, span: Span) -> Diagnostic:
    return error("E221", f"`{entry.name}` takes no block", span, "not expected")


def number_of_bodies(entry: Entry, found: int, span: Span) -> Diagnostic:
    low, high = entry.bodies
    wanted = many(low, "block") if low == high else f"at least {many(low, 'branch')}"
    form = " ".join((entry.usage, *("{ … }",) * low))
    return error(
        "E221",
        f"`{entry.name}` needs {wanted}, found {found}",
        span,
        "write its blocks in braces",
        helps=(f"write `{form}`",),
    )


def flags_before_body(entry: Entry, span: Span) -> Diagnostic:
    return error(
        "E219",
        f"flags of `{entry.name}` stand after its last block",
        span,
        "move it behind the last `}`",
        helps=(f"write `{entry.name} {{ … }} {{ … }} {span.text}`",),
    )


def no_such_layer(name: Name, near: tuple[str, ...], span: Span) -> Diagnostic:
    return error(
        "E217",
        f"no layer called {code(name.text)} stands before this",
        span,
        "not a name of this body or one around it",
        helps=(f"did you mean {either(near)}?",) if near else (f"name a layer with `as {name.text[:40]}` first",),
        repair=near[0] if len(near) == 1 else None,
    )


def name_taken(name: str, label: Name, first: Name | None) -> Diagnostic:
    """`name` is what the layer called `label` would be listed as: `x_2` in the second copy of a `repeat`."""
    other = (Label(first.span, "first given here"),) if first is not None and first.span != label.span else ()
    copied = next((one.text for one in (label, first) if one is not None and one.text != name), None)
    notes = () if copied is None else (f"the copies of {code(copied)} are called `{copied}_2`, `{copied}_3` and so on",)
    return error(
        "E215", f"the name {code(name)} is given twice", label.span, "must be unique", secondary=other, notes=notes
    )


def name_looks_automatic(label: Name, kind: str) -> Diagnostic:
    return error(
        "E216",
        f"{code(label.text)} looks like the automatic name of {article(kind)}",
        label.span,
        "choose another name",
        notes=(f"unnamed layers are called `{kind}1`, `{kind}2` and so on, in reading order",),
    )


def name_reserved(label: Name) -> Diagnostic:
    return error(
        "E216",
        f"{code(label.text)} is reserved",
        label.span,
        "choose another name",
        notes=("every training step has a value of this name",),
    )


def recursion(name: Name, block: str, first: Span) -> Diagnostic:
    return error(
        "E211",
        f"block {code(block)} calls itself"
        if name.text == block
        else f"block {code(block)} calls itself through {code(name.text)}",
        name.span,
        "this call never ends",
        secondary=(Label(first, f"{code(block)} is defined here"),),
    )


def defined_twice(kind: str, name: Name, first: Span) -> Diagnostic:
    return error(
        "E209",
        f"{kind} {code(name.text)} is defined twice",
        name.span,
        "defined again",
        secondary=(Label(first, "first defined here"),),
    )


def brought_twice(kind: str, name: Name, use: Span) -> Diagnostic:
    return error(
        "E209",
        f"{kind} {code(name.text)} is defined twice",
        name.span,
        "defined here",
        secondary=(Label(use, f"and this file brings in another {code(name.text)}"),),
    )


def cycle_of_lets(name: Name, through: tuple[str, ...]) -> Diagnostic:
    path = " -> ".join(through[:8])
    return error("E210", f"the value of {code(name.text)} depends on itself", name.span, "a cycle", notes=(f"{path}",))


def malformed(what: str, form: str, span: Span) -> Diagnostic:
    return error("E203", f"malformed `{what}`", span, f"expected {form}", helps=(f"write {form}",))


def behind_the_body(what: str, span: Span) -> Diagnostic:
    return error(
        "E231",
        f"nothing may stand behind the body of a `{what}`",
        span,
        "nothing reads this",
        helps=("a flag belongs to a layer inside the body",) if what == "net" else ("a flag belongs to each call",),
    )


def second_statement(name: Name, first: Span) -> Diagnostic:
    return error(
        "E225",
        f"a second {code(name.text)}",
        name.span,
        "only one is allowed",
        secondary=(Label(first, "the first stands here"),),
    )


def too_many(what: str, limit: int, span: Span) -> Diagnostic:
    return error(
        "E307",
        f"the net has more than {limit:,} {what}",
        span,
        "too many after expansion",
        notes=(f"`repeat` and blocks are written out; the limit is {limit:,} {what}",),
    )


def repeat_bomb(copies: int, limit: int, span: Span) -> Diagnostic:
    return error(
        "E307",
        f"`repeat` of {copies:,} copies is too large",
        span,
        f"a net has at most {limit:,} statements after expansion",
    )


def too_deep(limit: int, span: Span) -> Diagnostic:
    return error(
        "E308",
        f"blocks are nested more than {limit} deep",
        span,
        "too deep",
        notes=("braces and calls of blocks count",),
    )


def unused(kind: str, name: Name, helps: str = "") -> Diagnostic:
    numbers = {"let": "W201", "block": "W202", "layer": "W203", "parameter": "W207"}
    what = {"layer": "no `use` or `tie` reads it"}.get(kind, "never used")
    subject = "the name" if kind == "layer" else kind
    return warning(
        numbers[kind], f"{subject} {code(name.text)} is not used", name.span, what, helps=(helps,) if helps else ()
    )


def hides_layer(name: Name) -> Diagnostic:
    return warning(
        "W204", f"block {code(name.text)} hides the layer of that name", name.span, "calls mean this block from now on"
    )


def dead(statement: Statement | Span) -> Diagnostic:
    span = statement if isinstance(statement, Span) else statement.span
    return warning("W205", "this layer does not reach the output", span, "left out of the net")


def cannot_use(path: str, message: str, span: Span, notes: tuple[str, ...], helps: tuple[str, ...]) -> Diagnostic:
    return error("E213", f"cannot use {code(path)}", span, message, notes=notes, helps=helps)


def cycle_of_files(path: str, span: Span) -> Diagnostic:
    return error("E212", f"{code(path)} uses itself", span, "closes a cycle of files")
