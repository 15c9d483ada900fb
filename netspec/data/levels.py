"""Black and white: which numbers stand for them in files, in a data set, and in a picture written to a trained net."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from netspec.diagnostics.failure import DataError

BYTES, INTEGERS, FLOATS = "uint8", "integer", "float"
"""Kinds of numbers in picture files, the narrowest first. Arrays are also `bool` or `bytes`; what is made is `made`."""
RANKS = {BYTES: 0, INTEGERS: 1, FLOATS: 2}
OWN_WHITE = {"bool": 1.0, "int8": 127.0, "uint8": 255.0, "int16": 32_767.0, "uint16": 65_535.0}
"""The largest number of a type, where it is small enough that files use all of it."""
USUAL_WHITE = {BYTES: 255.0, INTEGERS: 65_535.0, FLOATS: 1.0}
"""Of a folder of pictures whose widest kind is this."""

Numbers = NDArray[np.float64]
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Levels:
    """The numbers of a data set that stand for black and white.

    `kind` is that of the numbers in its files: `uint8`, `integer` or `float` of pictures and wider arrays, `bytes` or
    `bool` of arrays, `made` for sets that come with netspec, empty where it is not known. `given` says that the spec
    names a level. Where not `settled`, nothing tells what black or white is, and the smallest number below zero and the
    largest number found stand in for them.
    """

    black: float = 0.0
    white: float = 255.0
    kind: str = "bytes"
    given: bool = False
    settled: bool = True

    @property
    def span(self) -> float:
        """From black to white, above zero."""
        return self.white - self.black


BYTE_ARRAYS, BYTE_PICTURES = Levels(), Levels(kind=BYTES)


@dataclass(frozen=True, slots=True)
class Asked:
    """The levels that a spec names, None where it names none."""

    black: float | None = None
    white: float | None = None

    @property
    def any(self) -> bool:
        return self.black is not None or self.white is not None


UNASKED = Asked()


class UnsettledError(Exception):
    """Numbers from `low` to `high` of a type (`numbers`), of which nothing tells the black or the white."""

    def __init__(self, numbers: str, low: float, high: float) -> None:
        super().__init__(f"its numbers go from {written(low)} to {written(high)}, and nothing tells which is white")
        self.numbers, self.low, self.high = numbers, low, high


class WiderError(Exception):
    """A picture whose numbers are of a wider kind than those of the pictures before it."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class FileNumbers:
    """Numbers in a file: their type by NumPy's name, the kind of that, what the file itself says of white, and the
    smallest and the largest."""

    numbers: str
    kind: str
    own_white: float | None
    low: float
    high: float

    @property
    def white(self) -> float | None:
        """White by the file alone; None where it does not tell."""
        return None if self.low < 0 or (self.kind == FLOATS and self.high > 1) else self.own_white


def written(number: float) -> str:
    """A level as a spec can name it."""
    return f"{number:.6g}" if number % 1 else f"{number:.0f}"


def array_numbers(numbers: str, low: float = 0.0, high: float = 255.0) -> FileNumbers:
    """What the numbers of an array of this type are, which go from `low` to `high`."""
    kind = {"uint8": "bytes", "bool": "bool"}.get(numbers, FLOATS if numbers.startswith("float") else INTEGERS)
    return FileNumbers(numbers, kind, 1.0 if kind == FLOATS else OWN_WHITE.get(numbers), low, high)


def array_levels(found: FileNumbers, asked: Asked) -> Levels:
    """Of a data set in arrays, by those of its training part. Raises DataError (E561)."""
    own = None if found.kind == FLOATS and found.high > 1 else found.own_white
    black = asked.black if asked.black is not None else (0.0 if found.low >= 0 else None)
    white = asked.white if asked.white is not None else own
    if black is not None and white is not None:
        return checked(Levels(black, white, found.kind, asked.any))
    bottom = min(0.0, found.low) if black is None else black
    top = found.high if asked.white is None else asked.white
    return checked(Levels(bottom, top if top > bottom else bottom + 1.0, found.kind, asked.any, settled=False))


def renamed(levels: Levels, asked: Asked) -> Levels:
    """Levels of a training, where those that its data now name take their places. Raises DataError (E561)."""
    if not asked.any:
        return levels
    if not levels.settled:
        numbers = FileNumbers("", levels.kind, 1.0 if levels.kind == FLOATS else None, levels.black, levels.white)
        return array_levels(numbers, asked)
    black = levels.black if asked.black is None else asked.black
    return checked(Levels(black, levels.white if asked.white is None else asked.white, levels.kind, given=True))


def picture_levels(asked: Asked, kind: str = BYTES) -> Levels:
    """Of a folder of pictures, the widest of which is of this kind. Raises DataError (E561).

    Levels that a byte cannot hold are for wider numbers: pictures of eight bits are then scaled to them.
    """
    beyond = (asked.white is not None and asked.white > USUAL_WHITE[BYTES]) or (asked.black or 0.0) < 0
    kind = INTEGERS if beyond and kind == BYTES else kind
    white = USUAL_WHITE[kind] if asked.white is None else asked.white
    return checked(Levels(asked.black or 0.0, white, kind, asked.any))


def in_common_units(asked: Asked, read: Callable[[Levels], Result]) -> Result:
    """What `read` makes of a folder of pictures by its levels. Where it meets a picture of a wider kind, it reads again
    by the levels of that kind."""
    levels = picture_levels(asked)
    while True:
        try:
            return read(levels)
        except WiderError as wider:
            levels = picture_levels(asked, wider.kind)


def checked(levels: Levels) -> Levels:
    """Raises DataError (E561) where white is not above black."""
    if levels.white > levels.black:
        return levels
    message = f"white is {written(levels.white)}, which is not above `black={written(levels.black)}`"
    raise DataError("E561", message, helps=("say what white is: `white=` in the `data` line",))


def require_settled(stored: FileNumbers, asked: Asked) -> None:
    """Raises UnsettledError where neither the file nor the spec tells a level."""
    black_missing = asked.black is None and stored.low < 0
    white_missing = asked.white is None and (stored.own_white is None or (stored.kind == FLOATS and stored.high > 1))
    if black_missing or white_missing:
        raise UnsettledError(stored.numbers, stored.low, stored.high)


def in_units(values: Numbers, stored: FileNumbers, levels: Levels) -> Numbers:
    """Numbers of a file in the units of a data set with these levels.

    Those of the data set's own kind are in its units, if its spec names the levels. All others are scaled: the file's
    black and white become those of the data set. Where a file does not tell its white, its numbers are taken as they
    are, if they lie between the levels. Raises UnsettledError where they do not.
    """
    within = levels.black <= stored.low and stored.high <= levels.white
    if stored.kind == levels.kind and (levels.given if levels.settled else within):
        return values
    if not levels.settled:
        raise UnsettledError(stored.numbers, stored.low, stored.high)
    if stored.white is not None:
        return scaled(values, stored.white, levels)
    if within:
        return values
    raise UnsettledError(stored.numbers, stored.low, stored.high)


def scaled(values: Numbers, white: float, levels: Levels) -> Numbers:
    """Numbers from 0 to `white` brought to black and white of a data set."""
    if (levels.black, levels.white) == (0.0, white):
        return values
    return levels.black + values * levels.span / white


def repair(low: float, high: float, kind: str) -> str:
    """What to write in the `data` line for numbers from `low` to `high`."""
    black = [f"black={written(low)}"] if low < 0 else []
    white = [] if kind == FLOATS and high <= 1 else [f"white={written(max(high, min(low, 0.0) + 1))}"]
    return " ".join((*black, *white))


def level_notices(levels: Levels, asked: Asked, low: float, high: float) -> tuple[str, ...]:
    """What looks odd about numbers from `low` to `high` of images with these levels."""
    found = f"the pixels go from {written(low)} to {written(high)}"
    if not levels.settled:
        wanted = repair(min(low, levels.black), high, levels.kind)
        return (f"{found}, and nothing tells what is black and white: name it with `{wanted}` to show picture files",)
    if low < levels.black or high > levels.white:
        return (f"{found}, beyond {written(levels.black)} (black) and {written(levels.white)} (white)",)
    if levels.kind == INTEGERS and asked.white is None and 0 < high <= levels.white / 2:
        bits = 2 ** int(high).bit_length() - 1
        return (f"{found}, and white is {written(levels.white)}: if it is less, name it, for example `white={bits}`",)
    return ()
