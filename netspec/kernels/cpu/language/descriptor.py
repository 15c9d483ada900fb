"""Descriptors: the 64-bit words that a kernel reads beside the arena, one `NamedTuple` for each kernel.

A kernel names its descriptor in the type of `d`. Launch rows build it by keyword, and `Row` checks it. A field is an
`int`, a `float` or a nested descriptor; the last one may be a tuple of any length of these.

    class Scale(NamedTuple):
        x: Operand
        factor: float

    SCALE = places(Scale)

    @kernel
    def scale(tile, arena, d: Words[Scale], state, begin, end, thread):
        x, factor = d[SCALE.x.place], real(d, SCALE.factor)
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any, Generic, NamedTuple, TypeVar, cast, get_args, get_origin, get_type_hints

from netspec.diagnostics.failure import CompilerBug

Word = int | float
Descriptor = TypeVar("Descriptor")


class Words(Generic[Descriptor]):
    """A descriptor as a kernel sees it: int64 words in memory."""

    def __getitem__(self, number: int) -> Any: ...


class Operand(NamedTuple):
    """First element of a buffer and stride of its lane groups, in float32 elements."""

    place: int
    group: int


class ChannelMap(NamedTuple):
    """First element of a map whose lanes hold channels, and the strides of its images and vectors of channels, in
    float32 elements."""

    place: int
    image: int
    vector: int


def places(descriptor: type[Descriptor], first: int = 0) -> Descriptor:
    """The index of each field's first word, counted from `first`; a nested descriptor gives nested indices.

    The indices are attributes of a module, because Numba compiles those as constants.
    """
    numbers = ModuleType(descriptor.__name__)
    for name, kind in _fields(descriptor).items():
        inside = _is_descriptor(kind)
        setattr(numbers, name, places(kind, first) if inside else first)
        first += width(kind) if inside else 1
    return cast("Descriptor", numbers)


def width(descriptor: type[Any]) -> int:
    """Number of words of a descriptor, a tuple of any length not counted."""
    return sum(width(kind) if _is_descriptor(kind) else kind in (int, float) for kind in _kinds(descriptor))


def words_of(kernel: Any, descriptor: Any) -> tuple[Word, ...]:
    """All words in order; those of a `float` field are floats. Raises CompilerBug where the kernel reads another
    descriptor or a field has not its declared type."""
    wanted = _read_by(kernel.py_func)
    if type(descriptor) is not wanted:
        raise CompilerBug(f"`{kernel.py_func.__name__}` reads a {wanted.__name__}, found {descriptor!r}")
    words: list[Word] = []
    _take(wanted, descriptor, words)
    return tuple(words)


def _take(kind: Any, field: Any, words: list[Word]) -> None:
    """Appends the words of a field of type `kind` to `words`."""
    if kind is float and isinstance(field, int | float):
        words.append(float(field))
    elif kind is int and isinstance(field, int):
        words.append(int(field))
    elif type(field) is kind and _is_descriptor(kind):
        for inner, own in zip(_kinds(kind), field, strict=True):
            _take(inner, own, words)
    elif type(field) is tuple and get_origin(kind) is tuple:
        for each in cast("tuple[Any, ...]", field):
            _take(get_args(kind)[0], each, words)
    else:
        raise CompilerBug(f"a word of a descriptor is {field!r}, and {kind} is needed")


@cache
def _read_by(function: Callable[..., None]) -> type[Any]:
    """The descriptor type that a kernel names in the type of `d`."""
    named = get_args(get_type_hints(function).get("d"))
    if not named:
        raise CompilerBug(f"`{function.__name__}` does not name its descriptor")
    return named[0]


@cache
def _fields(descriptor: type[Any]) -> dict[str, Any]:
    """Names and types of a descriptor's fields. Raises CompilerBug where a tuple of any length is not the last."""
    fields = get_type_hints(descriptor)
    if any(_is_open(kind) for kind in [*fields.values()][:-1]):
        raise CompilerBug(f"{descriptor.__name__} has a field of any length before another")
    return fields


@cache
def _kinds(descriptor: type[Any]) -> tuple[Any, ...]:
    return tuple(_fields(descriptor).values())


def _is_open(kind: Any) -> bool:
    """Whether a field of this type is, or contains, a tuple of any length."""
    inside = _kinds(kind) if _is_descriptor(kind) else ()
    return get_origin(kind) is tuple or any(map(_is_open, inside))


def _is_descriptor(kind: Any) -> bool:
    return isinstance(kind, type) and getattr(cast("Any", kind), "_fields", None) is not None
