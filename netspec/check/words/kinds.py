"""What each kind of argument allows, in words: `a whole number of at least 1`."""

from __future__ import annotations

from collections.abc import Mapping

from netspec.check.vocabulary.kinds import (
    LARGEST_REAL,
    LARGEST_WHOLE,
    Anything,
    Classes,
    Dimensions,
    Extent,
    Interval,
    Kind,
    LayerName,
    Real,
    Series,
    Start,
    String,
    Switch,
    Whole,
    Word,
)
from netspec.check.words.phrases import either


def allowed(kind: Kind) -> str:
    """What may stand there."""
    match kind:
        case Whole():
            return f"a whole number {whole_range(kind)}{_or_words(kind.words)}"
        case Real():
            return f"a number {real_range(kind)}"
        case Extent():
            return f"a size such as `3x3`, or one number{_or_words(kind.words)}"
        case Word():
            return either(kind.words)
        case Series():
            return f"one {_items(kind)} or several in parentheses, such as `(30 60 80)`"
        case _:
            return PHRASES[type(kind)]


PHRASES: Mapping[type[Kind], str] = {
    Dimensions: "a size such as `1x28x28`, or one number for a flat vector",
    String: 'a text such as `"labels.gz"`',
    Switch: "nothing: it is a flag",
    Start: "`he`, `xavier`, `normal(0.01)`, `uniform(0.05)`, `orthogonal` or `zeros`",
    LayerName: "the name of a layer",
    Classes: "numbers, ranges or names of classes, such as `(0 1)`, `1..26` or `(cat dog)`",
    Interval: "a range such as `0.9..1.1`",
    Anything: "a number or a size",
}


WITHIN_FLOAT32 = "of at most 3.4e38, the largest in float32"


def whole_range(kind: Whole) -> str:
    """`of at least 1`, `from 1 to 3`"""
    return f"of at least {kind.low}" if kind.high == LARGEST_WHOLE else f"from {kind.low} to {kind.high:,}"


def real_range(kind: Real) -> str:
    """`of at least 0`, `above 0`, `from 0 to 1`, `from 0 to below 1`; an end at the largest number is not said"""
    if kind.high >= LARGEST_REAL:
        return f"above {kind.low:g}" if kind.low_open else f"of at least {kind.low:g}"
    low = f"above {kind.low:g} and" if kind.low_open else f"from {kind.low:g}"
    high = f"below {kind.high:g}" if kind.high_open else f"{kind.high:g}"
    return f"{low} {high}" if kind.low_open else f"{low} to {high}"


def _items(kind: Series) -> str:
    return f"number of at least {kind.low}"


def _or_words(words: tuple[str, ...]) -> str:
    return f", or {either(words)}" if words else ""
