"""What the arguments of Python functions may be: told where a function is written, checked where it is called."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import wraps
from inspect import signature
from numbers import Integral, Real
from reprlib import repr as shortened
from types import UnionType
from typing import Any, ParamSpec, TypeVar, cast

from netspec.diagnostics.failure import UsageError

P = ParamSpec("P")
R = TypeVar("R")
MOST_THREADS = 1024
DEVICES = ("cpu", "cuda", "auto")
PLAIN = (str, bytes, bool, int, float, type(None), list, tuple, dict, set, timedelta)
"""Types whose values are shown in messages. Of others the type is."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What an argument may be. `read` makes of it what the function is given, and raises TypeError, ValueError or
    OverflowError where it is something else; `example` is a value as code, for arguments that are often mistaken."""

    takes: str
    read: Callable[[Any], object]
    example: str = ""


def accepts(**kinds: Kind) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A decorator: before anything else a call raises UsageError (E485) where an argument is not of its kind. Arguments
    that are not named here are left alone, as are defaults."""

    def decorated(function: Callable[P, R]) -> Callable[P, R]:
        parameters = signature(function)

        @wraps(function)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            bound = parameters.bind(*args, **kwargs)
            for name in kinds.keys() & bound.arguments.keys():
                bound.arguments[name] = _read(name, bound.arguments[name], kinds[name])
            return function(*bound.args, **bound.kwargs)

        return checked

    return decorated


def _read(name: str, value: object, kind: Kind) -> object:
    try:
        return kind.read(value)
    except (TypeError, ValueError, OverflowError):
        helps = (f"write `{name}={kind.example}`",) if kind.example else ()
        raise UsageError("E485", f"`{name}` takes {kind.takes}, not {_shown(value)}", helps=helps) from None


def _shown(value: object) -> str:
    plain = isinstance(value, PLAIN)
    return f"`{shortened(cast('object', value))}`" if plain else f"an object of the type `{type(value).__name__}`"


def instance_of(kind: type[object] | UnionType, takes: str) -> Kind:
    def read(value: object) -> object:
        if not isinstance(value, kind):
            raise TypeError
        return value

    return Kind(takes, read)


def optional(kind: Kind) -> Kind:
    """The same, or None."""

    def read(value: object) -> object:
        return None if value is None else kind.read(value)

    return replace(kind, takes=f"{kind.takes}, or None", read=read)


def whole(lowest: int | None = None, highest: int | None = None) -> Kind:
    """A whole number, NumPy's too, and 2e9, from `lowest` to `highest`."""

    def read(value: object) -> int:
        number = _whole(value)
        if (lowest is not None and number < lowest) or (highest is not None and number > highest):
            raise ValueError
        return number

    bounds = (("from", lowest), ("to", highest))
    return Kind(" ".join(("a whole number", *(f"{word} {end:,}" for word, end in bounds if end is not None))), read)


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, Integral | float):
        raise TypeError
    if isinstance(value, float) and not value.is_integer():
        raise ValueError
    return int(value)


def _path(value: object) -> str:
    if not isinstance(value, str | os.PathLike):
        raise TypeError
    path = os.fspath(cast("str | os.PathLike[str]", value))
    if b"\0" in os.fsencode(path):
        raise ValueError
    return path


def _spec(value: object) -> str:
    return value if isinstance(value, str) and ("\n" in value or "{" in value) else _path(value)


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        raise TypeError
    return tuple(map(_text, cast("Iterable[object]", value)))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _values(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise TypeError
    return {_text(name): _written(one) for name, one in cast("Mapping[object, object]", value).items()}


def _written(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | Real):
        raise TypeError
    return str(value)


def _steps_or_time(value: object) -> int | timedelta:
    return value if isinstance(value, timedelta) else _whole(value)


def _device(value: object) -> object:
    if value not in DEVICES:
        raise ValueError
    return value


def _function(value: object) -> object:
    if not callable(value):
        raise TypeError
    return value


FLAG = instance_of(bool, "True or False")
PATH = Kind("a path: text or a `Path`", _path)
SPEC = Kind("a spec: its text, its path, the name of a bundled one or a run folder", _spec)
SETTINGS = Kind("a list of texts", _texts, '["train.epochs=3"]')
VALUES = Kind("names with their numbers or texts", _values, '{"D": 64}')
STEPS_OR_TIME = Kind("a number of steps or a `timedelta`", _steps_or_time, "timedelta(minutes=2)")
FUNCTION = Kind("a function", _function)
DEVICE = optional(Kind('"cpu", "cuda" or "auto"', _device))
THREADS = optional(whole(1, MOST_THREADS))
BYTES = replace(whole(0), takes="a number of bytes")
