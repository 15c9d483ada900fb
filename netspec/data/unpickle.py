"""Reads Python's CIFAR batches without running anything that a pickle asks for.

A pickle may name any function to call. Here every name but the few that NumPy arrays need is refused, and even those
are replaced by stand-ins that only note what they are given: no code of NumPy's sees the file's own idea of an array.
"""

from __future__ import annotations

import io
import math
import pickle
import pickletools
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from netspec.data.failures import damaged
from netspec.diagnostics.failure import DataError

TYPES = ("u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8")
"""Types of numbers that an array in a batch may have."""
LARGEST_MEMO = 1_000_000
"""A pickle may number so many objects; Python's unpickler takes memory for the largest number."""


class _TypeNote:
    """Stands for numpy.dtype: its name and byte order."""

    __slots__ = ("name", "order")

    def __init__(self, name: object, *_flags: object) -> None:
        self.name, self.order = name, "<"

    def __setstate__(self, state: tuple[object, ...]) -> None:
        self.order = ">" if state[1] in (">", b">") else "<"


class _ArrayNote:
    """Stands for numpy.ndarray: its shape, type, order of axes and bytes, as the pickle has them."""

    __slots__ = ("state",)

    def __init__(self, *_arguments: object) -> None:
        self.state: tuple[object, ...] = ()

    def __setstate__(self, state: tuple[object, ...]) -> None:
        self.state = state


class _ArrayKind:
    """Stands for the class numpy.ndarray, which pickles only pass to `_reconstruct`."""

    __slots__ = ()


def _encode(text: object, _encoding: object = "latin1") -> bytes:
    """Stands for _codecs.encode, by which Python 3 writes bytes into old pickles."""
    return cast(str, text).encode("latin1")


ALLOWED: dict[tuple[str, str], object] = {
    ("numpy.core.multiarray", "_reconstruct"): _ArrayNote,
    ("numpy._core.multiarray", "_reconstruct"): _ArrayNote,
    ("numpy", "ndarray"): _ArrayKind,
    ("numpy", "dtype"): _TypeNote,
    ("_codecs", "encode"): _encode,
}


class _RefusedError(Exception):
    """The pickle asks for something that arrays do not need."""


class _Reader(pickle.Unpickler):
    def find_class(self, module_name: str, global_name: str, /) -> Any:
        found = ALLOWED.get((module_name, global_name))
        if found is None:
            raise _RefusedError(f"{module_name}.{global_name}")
        return found


def read_batch(pickled: bytes, origin: Path | str) -> dict[str, object]:
    """The entries of a batch by name, with arrays as NumPy arrays and byte strings as they are."""
    try:
        _check_memory(pickled)
        found: object = _Reader(io.BytesIO(pickled), encoding="bytes").load()
    except _RefusedError as error:
        raise DataError(
            "E509",
            f"`{origin}` asks for `{error}`, which no CIFAR batch needs; nothing was run",
            notes=("a pickle can hold any program; netspec takes plain values and arrays from it",),
        ) from None
    except Exception as error:  # a damaged pickle makes the unpickler raise nearly anything
        raise damaged(origin, f"it cannot be unpickled ({type(error).__name__})") from None
    if not isinstance(found, dict):
        raise DataError("E504", f"`{origin}` is a pickle, but not a CIFAR batch")
    entries = cast("dict[object, object]", found)
    return {_text(key): _array(value, origin) for key, value in entries.items()}


def _check_memory(pickled: bytes) -> None:
    for operation, argument, _ in pickletools.genops(pickled):
        if "PUT" in operation.name and isinstance(argument, int) and argument > LARGEST_MEMO:
            raise ValueError("too many objects")


def _text(key: object) -> str:
    return key.decode("latin1") if isinstance(key, bytes) else str(key)


def _array(value: object, origin: Path | str) -> object:
    if not isinstance(value, _ArrayNote):
        return value
    match value.state:
        case (_, shape, _TypeNote() as kind, fortran, raw) if isinstance(shape, tuple):
            return _built(cast("tuple[object, ...]", shape), _dtype(kind, origin), bool(fortran), raw, origin)
        case _:
            raise damaged(origin, "an array in it is incomplete")


def _dtype(kind: _TypeNote, origin: Path | str) -> np.dtype[np.generic]:
    name = _text(kind.name)
    if name not in TYPES:
        raise DataError("E507", f"an array in `{origin}` is of type {name!r}, not of plain numbers")
    return np.dtype(kind.order + name)


def _built(
    shape: tuple[object, ...], dtype: np.dtype[np.generic], fortran: bool, raw: object, origin: Path | str
) -> NDArray[np.generic]:
    sizes = tuple(size for size in shape if isinstance(size, int) and size >= 0)
    if len(sizes) != len(shape) or not isinstance(raw, bytes) or math.prod(sizes) * dtype.itemsize != len(raw):
        raise damaged(origin, "the bytes of an array do not match its shape")
    return np.frombuffer(raw, dtype).reshape(sizes, order="F" if fortran else "C")
