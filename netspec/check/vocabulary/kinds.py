"""What an argument may be: the types of the vocabulary tables.

Named tuples, because they are made anew at every start of netspec and a dataclass takes seven times as long.

`read` in `reading.py` turns an atom of the syntax tree into the value named beside each kind; `check/words/kinds.py`
says in English what each allows.
"""

from __future__ import annotations

from typing import NamedTuple

LARGEST_WHOLE = 2**63 - 1
LARGEST_REAL = (2 - 2**-23) * 2.0**127
"""of float32, in which all but schedules is computed"""
LARGEST_CLASS = 65_535
"""the last number that a class can have"""
FINITE = float("inf")
"""where a real ends that schedules compute with"""


class Whole(NamedTuple):  # -> int, or one of `words`
    low: int = 1
    high: int = LARGEST_WHOLE
    words: tuple[str, ...] = ()


class Real(NamedTuple):  # -> float; an open end is not allowed itself
    low: float = 0.0
    high: float = LARGEST_REAL
    low_open: bool = False
    high_open: bool = False


class Extent(NamedTuple):  # -> (height, width), or one of `words`; one number serves for both
    low: int = 1
    words: tuple[str, ...] = ()


class Dimensions(NamedTuple):  # -> (C, H, W) or (features,); takes all positional arguments that are left
    pass


class Word(NamedTuple):  # -> str
    words: tuple[str, ...]


class String(NamedTuple):  # -> str, given as "text"
    pass


class Switch(NamedTuple):  # -> bool; a bare word turns it on
    pass


class Start(NamedTuple):  # -> Initial without its fans; how the weights of a layer begin
    pass


class LayerName(NamedTuple):  # -> Name node; resolved where the scope is known
    pass


class Series(NamedTuple):  # -> tuple of numbers, each at least `low`; one number serves as a list of one
    low: int = 0
    rising: bool = False


class Classes(NamedTuple):  # -> tuple of numbers and names, each once; one serves as a list of one
    pass


class Interval(NamedTuple):  # -> (low, high) with low <= high, both above `above`
    above: float = 0.0


class Anything(NamedTuple):  # -> int, float or size: an argument of a user's own block
    pass


Kind = (
    Whole
    | Real
    | Extent
    | Dimensions
    | Word
    | String
    | Switch
    | Start
    | LayerName
    | Series
    | Classes
    | Interval
    | Anything
)


class Required:
    """The default of an argument that has none."""


REQUIRED = Required()


class Slot(NamedTuple):
    """An argument. `default` is the value when it is left out, `shown` how a reader would write it; `unit` of numbers.

    `shapes` tells whether the output shape depends on it: while such an argument is wrong, the shape is unknown.
    """

    name: str
    kind: Kind
    doc: str
    default: object = REQUIRED
    shown: str = ""
    unit: str = ""
    shapes: bool = False

    @property
    def required(self) -> bool:
        return self.default is REQUIRED


class Entry(NamedTuple):
    """A word that can start a statement: its arguments in order, its attributes and flags, the bodies it takes.

    `flagged` words take activations as flags and a name (`relu as x`); `bodies` are the fewest and the most.
    """

    name: str
    doc: str
    positional: tuple[Slot, ...] = ()
    attributes: tuple[Slot, ...] = ()
    bodies: tuple[int, int] = (0, 0)
    flagged: bool = False

    def slot(self, name: str) -> Slot | None:
        """The attribute or flag of that name."""
        return next((slot for slot in self.attributes if slot.name == name), None)

    @property
    def usage(self) -> str:
        """`conv K SIZE`: what stands without a key."""
        return " ".join((self.name, *(slot.name for slot in self.positional)))
