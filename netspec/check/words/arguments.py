"""What is said about arguments that are wrong, missing or too many (E202 to E207, E218, E219)."""

from __future__ import annotations

from netspec.check.vocabulary.kinds import Entry, Extent, Slot, Switch, Word
from netspec.check.words.kinds import allowed
from netspec.check.words.phrases import code, either, error, many, size
from netspec.diagnostics.message import Diagnostic, Label
from netspec.diagnostics.text import Span
from netspec.syntax.tree import Atom, Number


def unknown_attribute(entry: Entry, key: str, span: Span, near: tuple[str, ...], known: tuple[str, ...]) -> Diagnostic:
    helps = (f"did you mean {either(near)}?",) if near else _what_it_takes(entry.name, known)
    return error(
        "E202",
        f"`{entry.name}` has no attribute {code(key)}",
        span,
        "unknown attribute",
        helps=helps,
        repair=near[0] if len(near) == 1 else None,
    )


def unknown_flag(entry: Entry, word: str, span: Span, near: tuple[str, ...], known: tuple[str, ...]) -> Diagnostic:
    helps = (f"did you mean {either(near)}?",) if near else _what_it_takes(entry.name, known)
    return error(
        "E202",
        f"`{entry.name}` has no flag {code(word)}",
        span,
        "unknown flag",
        helps=helps,
        repair=near[0] if len(near) == 1 else None,
    )


def _what_it_takes(name: str, known: tuple[str, ...]) -> tuple[str, ...]:
    return (f"`{name}` takes {', '.join(code(word) for word in known)}",) if known else (f"`{name}` takes none",)


def keyed_positional(entry: Entry, slot: Slot, key: str, span: Span) -> Diagnostic:
    return error(
        "E202",
        f"`{entry.name}` has no attribute {code(key)}",
        span,
        f"`{slot.name}` stands without a key",
        helps=(_usage(entry),),
    )


def attribute_for_a_flag(entry: Entry, key: str, flag: str, span: Span) -> Diagnostic:
    return error(
        "E202",
        f"`{entry.name}` has no attribute {code(key)}",
        span,
        "unknown attribute",
        helps=(f"did you mean the flag `{flag}`?",),
        repair=flag,
    )


def keyed_flag(entry: Entry, key: str, span: Span) -> Diagnostic:
    return error(
        "E205",
        f"{code(key)} is a flag and takes no value",
        span,
        "drop the value",
        helps=(f"write `{key}` alone to switch it on for `{entry.name}`",),
        repair=key,
    )


def missing(entry: Entry, slots: tuple[Slot, ...], span: Span) -> Diagnostic:
    names = " and ".join(f"`{slot.name}`" for slot in slots)
    return error(
        "E203",
        f"`{entry.name}` needs {names}",
        span,
        f"{names} {'is' if len(slots) == 1 else 'are'} missing",
        notes=tuple(f"`{slot.name}`: {slot.doc}" for slot in slots if slot.doc),
        helps=(_usage(entry),),
    )


def _usage(entry: Entry) -> str:
    return f"write `{entry.usage}`"


def surplus(entry: Entry, count: int, span: Span, helps: tuple[str, ...]) -> Diagnostic:
    takes = many(len(entry.positional), "argument") if entry.positional else "no argument"
    return error(
        "E204",
        f"`{entry.name}` takes {takes}, found {count}",
        span,
        "not expected",
        helps=helps or (_named_arguments(entry),),
    )


def _named_arguments(entry: Entry) -> str:
    """How a statement is written, or the attributes of one that takes nothing else (`sgd 0.1`)."""
    named = [f"`{slot.name}=`" for slot in entry.attributes if not isinstance(slot.kind, Switch)]
    if entry.positional or not named:
        return _usage(entry)
    return f"give its values by name: {', '.join(named)}"


def wrong_kind(entry: Entry, slot: Slot, found: str, span: Span) -> Diagnostic:
    return error(
        "E205",
        f"{_of(entry, slot)} must be {allowed(slot.kind)}",
        span,
        f"found {found}",
    )


def out_of_range(entry: Entry, slot: Slot, bounds: str, found: str, span: Span) -> Diagnostic:
    return error("E206", f"{_of(entry, slot)} must be {bounds.removeprefix('of ')}", span, f"found {found}")


def unknown_word(entry: Entry, slot: Slot, word: str, span: Span, near: tuple[str, ...]) -> Diagnostic:
    return error(
        "E207",
        f"{_of(entry, slot)} cannot be {code(word)}",
        span,
        f"expected {allowed(slot.kind)}",
        helps=(f"did you mean {either(near)}?",) if near else (),
        repair=near[0] if len(near) == 1 else None,
    )


GENERIC = frozenset({"N", "NAME", "RANGE", "AMOUNT", "AXIS", "DEVIATION"})
"""Names of arguments that say no more than the word before them."""


def _of(entry: Entry, slot: Slot) -> str:
    own = slot in entry.positional and (slot.name in GENERIC or isinstance(slot.kind, Word))
    return f"`{entry.name}`" if own else f"`{slot.name}` of `{entry.name}`"


def given_twice(entry: Entry, name: str, span: Span, first: Span) -> Diagnostic:
    return error(
        "E218",
        f"`{entry.name}` is given `{name}` twice",
        span,
        "given again",
        secondary=(Label(first, "first given here"),),
    )


def late_positional(entry: Entry, span: Span, before: Span) -> Diagnostic:
    return error(
        "E219",
        f"an argument of `{entry.name}` stands after an attribute or flag",
        span,
        "move it to the front",
        secondary=(Label(before, "attributes and flags come last"),),
        helps=(_usage(entry),),
    )


def name_after_as(span: Span) -> Diagnostic:
    return error(
        "E203", "`as` needs a name", span, "a name must follow", helps=("write `as NAME`, such as `as features`",)
    )


def cannot_be_named(entry: Entry, span: Span) -> Diagnostic:
    return error("E202", f"`{entry.name}` cannot be named", span, "`as` does not belong here")


def word_left_out(entry: Entry, slot: Slot, span: Span) -> Diagnostic:
    return error(
        "E203",
        f"`{entry.name}` needs {allowed(slot.kind)} first",
        span,
        f"{allowed(slot.kind)} is missing before this",
        helps=(f"write `{entry.usage}`",),
    )


def amount_of_start(kind: str, count: int, span: Span) -> Diagnostic:
    what = "deviation" if kind == "normal" else "half width"
    helps = (f"write `{kind}(0.01)`",)
    if count == 0:
        return error("E203", f"`{kind}` needs its {what}", span, f"missing {what}", helps=helps)
    return error(
        "E204", f"`{kind}` takes one number, its {what}", span, f"found {many(count, 'argument')}", helps=helps
    )


def start_without_amount(kind: str, span: Span) -> Diagnostic:
    return error("E204", f"`{kind}` takes no argument", span, "not expected", helps=(f"write `{kind}`",), repair=kind)


def falling_series(entry: Entry, slot: Slot, span: Span) -> Diagnostic:
    return error("E206", f"{_of(entry, slot)} must rise", span, "not above the number before it")


def repeated_item(entry: Entry, slot: Slot, span: Span, what: str = "number") -> Diagnostic:
    return error("E206", f"{_of(entry, slot)} must not hold a {what} twice", span, "stands there already")


def square_help(atoms: list[Atom], entry: Entry) -> tuple[str, ...]:
    """`conv 20 5 5` was probably meant as `conv 20 5x5`."""
    last = entry.positional[-1] if entry.positional else None
    if last is None or not isinstance(last.kind, Extent) or len(atoms) != len(entry.positional) + 1:
        return ()
    sides = [atom.value for atom in atoms[-2:] if isinstance(atom, Number)]
    return (f"write `{sides[0]}x{sides[1]}` for height x width",) if len(sides) == 2 else ()


def number_of_dimensions(entry: Entry, sides: tuple[int, ...], span: Span) -> Diagnostic:
    helps = (f"write `{entry.name} 1x{size(sides)}` for one channel",) if len(sides) == 2 else ()
    return error(
        "E205",
        f"`SIZE` of `{entry.name}` has three numbers, channels x height x width, or one",
        span,
        f"found {len(sides)}",
        helps=helps,
        repair=f"1x{size(sides)}" if helps else None,
    )


def needs_another(name: str, other: str, span: Span) -> Diagnostic:
    return error("E203", f"`{name}` needs `{other}`", span, f"`{other}` is missing")


def only_for(name: str, owner: str, span: Span) -> Diagnostic:
    return error("E202", f"`{name}` belongs to `{owner}` only", span, "not here")
