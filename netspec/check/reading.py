"""From an atom of the text to a value of the kind that an argument asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from netspec.check.expressions import constant, evaluate, found
from netspec.check.scope import UNKNOWN, Evaluated, Scope, Unknown
from netspec.check.vocabulary.kinds import (
    LARGEST_CLASS,
    LARGEST_REAL,
    Anything,
    Classes,
    Dimensions,
    Entry,
    Extent,
    Interval,
    Kind,
    LayerName,
    Real,
    Series,
    Slot,
    Start,
    String,
    Switch,
    Whole,
    Word,
)
from netspec.check.words import arguments as words
from netspec.check.words.kinds import WITHIN_FLOAT32, real_range, whole_range
from netspec.check.words.phrases import size
from netspec.ir.graph import Initial, InitialName
from netspec.syntax.tree import Atom, Broken, Call, List, Name, Number, Range, Size, Text

PLAIN_STARTS: dict[str, InitialName] = {"he": "he", "xavier": "xavier", "orthogonal": "orthogonal", "zeros": "zeros"}
SCALED_STARTS: dict[str, InitialName] = {"normal": "normal", "uniform": "uniform"}
SYNONYMS: dict[str, str] = {
    "average": "avg",
    "mean": "avg",
    "maximum": "max",
    "kaiming": "he",
    "msra": "he",
    "glorot": "xavier",
    "zero": "zeros",
    "gaussian": "normal",
    "crossentropy": "cross_entropy",
    "softmax": "cross_entropy",
    "nll": "cross_entropy",
    "bce": "binary_cross_entropy",
    "mse": "squared_error",
    "l2": "squared_error",
    "svm": "hinge",
    "fixed": "constant",
    "multistep": "step",
    "one_cycle": "onecycle",
    "float": "float32",
    "fp32": "float32",
    "bfloat16": "bf16",
    "full": "all",
    "valid": "0",
}


def read(entry: Entry, slot: Slot, atom: Atom, scope: Scope) -> object:
    """The value of `slot` that `atom` gives, or UNKNOWN once what is wrong with it was reported."""
    if isinstance(atom, Broken):
        return UNKNOWN
    return READERS[type(slot.kind)](entry, slot, slot.kind, atom, scope)


def dimensions(entry: Entry, slot: Slot, atoms: list[Atom], scope: Scope) -> tuple[int, ...] | Unknown:
    """The size that numbers and sizes in a row give together: `1 D D`, `3 32x32`."""
    sides: list[int] = []
    for atom in atoms:
        value = _extent_sides(entry, slot, atom, scope)
        if isinstance(value, Unknown):
            return UNKNOWN
        sides += value
    if len(sides) in (1, 3):
        return tuple(sides)
    span = atoms[0].span.to(atoms[-1].span)
    scope.complain(words.number_of_dimensions(entry, tuple(sides), span))
    return UNKNOWN


def _extent_sides(entry: Entry, slot: Slot, atom: Atom, scope: Scope) -> tuple[int, ...] | Unknown:
    value = UNKNOWN if isinstance(atom, Broken) else _value(entry, slot, atom, scope)
    if isinstance(value, Unknown):
        return UNKNOWN
    if isinstance(value, float):
        return _not_whole(entry, slot, value, atom, scope)
    sides = value if isinstance(value, tuple) else (value,)
    if all(side >= 1 for side in sides):
        return sides
    scope.complain(words.out_of_range(entry, slot, "of at least 1", size(sides), atom.span))
    return UNKNOWN


def _wrong(entry: Entry, slot: Slot, atom: Atom, scope: Scope) -> Unknown:
    scope.complain(words.wrong_kind(entry, slot, found(atom), atom.span))
    return UNKNOWN


def _value(entry: Entry, slot: Slot, atom: Atom, scope: Scope) -> Evaluated:
    """The value of an expression, once a text, a range or a list was turned down in terms of the slot."""
    if isinstance(atom, (Text, Range, List, Call)):
        return _wrong(entry, slot, atom, scope)
    return evaluate(atom, scope)


def _word_or_value(entry: Entry, slot: Slot, allowed: tuple[str, ...], atom: Atom, scope: Scope) -> str | Evaluated:
    """A word of the vocabulary first, then lets and parameters."""
    if isinstance(atom, Name):
        if atom.text in allowed:
            return atom.text
        near = () if scope.value(atom.text) is not None else _near(atom.text, allowed, scope)
        if near:
            scope.complain(words.unknown_word(entry, slot, atom.text, atom.span, near))
            return UNKNOWN
    return _value(entry, slot, atom, scope)


def _near(word: str, allowed: tuple[str, ...], scope: Scope) -> tuple[str, ...]:
    """Words allowed here that `word` resembles."""
    return tuple(near for near in scope.suggestions(word, allowed, SYNONYMS) if near in allowed)


def _whole(entry: Entry, slot: Slot, kind: Whole, atom: Atom, scope: Scope) -> object:
    value = _word_or_value(entry, slot, kind.words, atom, scope)
    if isinstance(value, (str, Unknown)):
        return value
    if not isinstance(value, int):
        return _not_whole(entry, slot, value, atom, scope)
    if kind.low <= value <= kind.high:
        return value
    scope.complain(words.out_of_range(entry, slot, whole_range(kind), str(int(value)), atom.span))
    return UNKNOWN


def _not_whole(entry: Entry, slot: Slot, value: float | tuple[int, ...], atom: Atom, scope: Scope) -> Unknown:
    is_size = isinstance(value, tuple)
    shown = f"the size {size(value)}" if is_size else f"{value:g}"
    scope.complain(words.wrong_kind(entry, slot, shown, atom.span))
    return UNKNOWN


def _real(entry: Entry, slot: Slot, kind: Real, atom: Atom, scope: Scope) -> object:
    value = constant(_value(entry, slot, atom, scope))
    if isinstance(value, Unknown):
        return value
    if isinstance(value, tuple):
        return _not_whole(entry, slot, value, atom, scope)
    above = value > kind.low if kind.low_open else value >= kind.low
    below = value < kind.high if kind.high_open else value <= kind.high
    if above and below:
        return value
    huge = value > LARGEST_REAL and kind.high == LARGEST_REAL
    allowed = WITHIN_FLOAT32 if huge else real_range(kind)
    scope.complain(words.out_of_range(entry, slot, allowed, f"{value:g}", atom.span))
    return UNKNOWN


def _extent(entry: Entry, slot: Slot, kind: Extent, atom: Atom, scope: Scope) -> object:
    value = _word_or_value(entry, slot, kind.words, atom, scope)
    if isinstance(value, (str, Unknown)):
        return value
    if isinstance(value, float) or (isinstance(value, tuple) and len(value) != 2):
        return _not_whole(entry, slot, value, atom, scope)
    pair = value if isinstance(value, tuple) else (value, value)
    if all(side >= kind.low for side in pair):
        return pair
    shown = size(value) if isinstance(value, tuple) else str(int(value))
    scope.complain(words.out_of_range(entry, slot, f"of at least {kind.low}", shown, atom.span))
    return UNKNOWN


def _word(entry: Entry, slot: Slot, kind: Word, atom: Atom, scope: Scope) -> object:
    if not isinstance(atom, Name):
        return _wrong(entry, slot, atom, scope)
    if atom.text in kind.words:
        return atom.text
    scope.complain(words.unknown_word(entry, slot, atom.text, atom.span, _near(atom.text, kind.words, scope)))
    return UNKNOWN


def _start(entry: Entry, slot: Slot, _: Start, atom: Atom, scope: Scope) -> object:
    if not isinstance(atom, (Name, Call)):
        return _wrong(entry, slot, atom, scope)
    name = atom if isinstance(atom, Name) else atom.name
    if name.text in PLAIN_STARTS:
        return _plain_start(name, atom, scope)
    if name.text in SCALED_STARTS:
        return _scaled_start(name, atom, scope)
    near = _near(name.text, (*PLAIN_STARTS, *SCALED_STARTS), scope)
    scope.complain(words.unknown_word(entry, slot, name.text, name.span, near))
    return UNKNOWN


def _plain_start(name: Name, atom: Name | Call, scope: Scope) -> object:
    if isinstance(atom, Call) and atom.arguments:
        scope.complain(words.start_without_amount(name.text, atom.span))
        return UNKNOWN
    return Initial(PLAIN_STARTS[name.text])


AMOUNT = Slot("AMOUNT", Real(low_open=True), "its deviation or half width")


def _scaled_start(name: Name, atom: Name | Call, scope: Scope) -> object:
    if not isinstance(atom, Call) or len(atom.arguments) != 1 or atom.arguments[0].key is not None:
        count = len(atom.arguments) if isinstance(atom, Call) else 0
        scope.complain(words.amount_of_start(name.text, count, atom.span))
        return UNKNOWN
    amount = read(Entry(name.text, ""), AMOUNT, atom.arguments[0].value, scope)
    return Initial(SCALED_STARTS[name.text], float(amount)) if isinstance(amount, (int, float)) else UNKNOWN


def _series(entry: Entry, slot: Slot, kind: Series, atom: Atom, scope: Scope) -> object:
    items = atom.items if isinstance(atom, List) else (atom,)
    values = [read(entry, Slot(slot.name, Real(kind.low), slot.doc, unit=slot.unit), item, scope) for item in items]
    numbers = [value for value in values if isinstance(value, (int, float))]
    if len(numbers) < len(values):
        return UNKNOWN
    return _in_order(entry, slot, kind, tuple(numbers), items, scope)


def _in_order(
    entry: Entry, slot: Slot, kind: Series, numbers: tuple[int | float, ...], items: tuple[Atom, ...], scope: Scope
) -> object:
    """The numbers, unless one stands twice or, where they must rise, falls."""
    seen: set[int | float] = set()
    highest = float("-inf")
    for number, item in zip(numbers, items, strict=True):
        if kind.rising and number <= highest:
            scope.complain(words.falling_series(entry, slot, item.span))
            return UNKNOWN
        if number in seen:
            scope.complain(words.repeated_item(entry, slot, item.span))
            return UNKNOWN
        seen.add(number)
        highest = number
    return numbers


CLASS = Whole(0, LARGEST_CLASS)


def _classes(entry: Entry, slot: Slot, _: Classes, atom: Atom, scope: Scope) -> object:
    """Numbers and names in the order given. A bare word is a `let` where there is one of that name."""
    items = atom.items if isinstance(atom, List) else (atom,)
    found = [_some_classes(entry, slot, item, scope) for item in items]
    whole = [some for some in found if not isinstance(some, Unknown)]
    if len(whole) < len(found):
        return UNKNOWN
    named: list[int | str] = []
    seen: set[int | str] = set()
    for some, item in zip(whole, items, strict=True):
        if not seen.isdisjoint(some):
            scope.complain(words.repeated_item(entry, slot, item.span, "class"))
            return UNKNOWN
        seen.update(some)
        named += some
    return tuple(named)


def _some_classes(entry: Entry, slot: Slot, item: Atom, scope: Scope) -> tuple[int | str, ...] | Unknown:
    match item:
        case Text(name):
            return (name,)
        case Name(name) if scope.value(name) is None:
            return (name,)
        case Range(low, high) if 0 <= low <= high <= LARGEST_CLASS and low.is_integer() and high.is_integer():
            return tuple(range(int(low), int(high) + 1))
        case Range():
            bounds = f"of whole numbers from 0 to {LARGEST_CLASS:,}, the smaller end first"
            scope.complain(words.out_of_range(entry, slot, bounds, item.span.text, item.span))
            return UNKNOWN
        case Size() | Number(float()):
            return _wrong(entry, slot, item, scope)
        case _:
            number = read(entry, Slot(slot.name, CLASS, slot.doc), item, scope)
            return (number,) if isinstance(number, int) else UNKNOWN


def _interval(entry: Entry, slot: Slot, kind: Interval, atom: Atom, scope: Scope) -> object:
    if not isinstance(atom, Range):
        return _wrong(entry, slot, atom, scope)
    if kind.above < atom.low <= atom.high <= LARGEST_REAL:
        return atom.low, atom.high
    huge = max(atom.low, atom.high) > LARGEST_REAL
    bounds = WITHIN_FLOAT32 if huge else f"above {kind.above:g}, the smaller end first"
    scope.complain(words.out_of_range(entry, slot, bounds, atom.span.text, atom.span))
    return UNKNOWN


def _string(entry: Entry, slot: Slot, _: String, atom: Atom, scope: Scope) -> object:
    return atom.value if isinstance(atom, Text) else _wrong(entry, slot, atom, scope)


def _layer_name(entry: Entry, slot: Slot, _: LayerName, atom: Atom, scope: Scope) -> object:
    return atom if isinstance(atom, Name) else _wrong(entry, slot, atom, scope)


def _anything(entry: Entry, slot: Slot, _: Anything, atom: Atom, scope: Scope) -> object:
    return _value(entry, slot, atom, scope)


def _never_read(entry: Entry, slot: Slot, _: Dimensions | Switch, atom: Atom, scope: Scope) -> object:
    return _wrong(entry, slot, atom, scope)


Reader = Callable[[Entry, Slot, Any, Atom, Scope], object]

READERS: Mapping[type[Kind], Reader] = {
    Whole: _whole,
    Real: _real,
    Extent: _extent,
    Dimensions: _never_read,
    Word: _word,
    String: _string,
    Switch: _never_read,
    Start: _start,
    LayerName: _layer_name,
    Series: _series,
    Classes: _classes,
    Interval: _interval,
    Anything: _anything,
}
