"""The syntax tree: statements, nothing resolved. Every node knows its place in the text."""

from __future__ import annotations

from dataclasses import dataclass, field

from netspec.diagnostics.text import Source, Span


@dataclass(frozen=True, slots=True)
class Number:
    """`12` (int) or `5e-4` (float); a minus before a number makes it negative."""

    value: int | float
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Size:
    """`1x28x28`"""

    sizes: tuple[int, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Name:
    """`relu`, `K`"""

    text: str
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Text:
    """`"images.gz"`, without the quotes"""

    value: str
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Range:
    """`0.9..1.1`"""

    low: float
    high: float
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Binary:
    """`2*c`; operator is one of `+ - * / // %`"""

    operator: str
    left: Atom
    right: Atom
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Negative:
    """`-x`"""

    operand: Atom
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class List:
    """`(30 60 80)`: two or more numbers without a sign, sizes, names, texts or ranges. One value in parentheses is that
    value."""

    items: tuple[Atom, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """`normal(0.01)`, `vgg(n, c, k=3)`: a name with its own list attached."""

    name: Name
    arguments: tuple[Argument, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Broken:
    """A place that could not be read. Its mistake is reported, so it stands for an unknown value from here on:
    whatever depends on it, and the statement that holds it, gets no second message.
    """

    span: Span = field(compare=False)


Atom = Number | Size | Name | Text | Range | Binary | Negative | List | Call | Broken


@dataclass(frozen=True, slots=True)
class Argument:
    """A positional argument or bare flag (`key` is None), or `key=value`. `span` covers both."""

    key: Name | None
    value: Atom
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Body:
    """The statements between two braces; `span` includes the braces."""

    statements: tuple[Statement, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Statement:
    """A name, its arguments, its bodies, and what follows the last body (`sum {…} {} relu as joined`).

    `let K = 5` is a statement `let` with the argument `K=5`; `block vgg(n, c) {…}` is a statement `block` whose
    argument is a Call; `vgg(2, 64)` is the same statement as `vgg 2 64`. Where no statement could be read (that is
    reported), an empty name stands for it: an unknown statement, with an unknown effect.
    """

    name: Name
    arguments: tuple[Argument, ...]
    bodies: tuple[Body, ...]
    trailing: tuple[Argument, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Network:
    """A whole file."""

    statements: tuple[Statement, ...]
    source: Source = field(compare=False)
