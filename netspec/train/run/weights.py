"""Weight files: safetensors with a net's parameters and states by name, and perhaps the preparation of its images.

Equal weights give equal bytes: a file contains no time, host, path or thread count.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol, cast

import numpy as np
import safetensors
import safetensors.numpy

from netspec.diagnostics.failure import DataError
from netspec.ir.graph import Graph, Shape
from netspec.train.run.document import preparation_document, preparation_of
from netspec.train.run.files import write_whole
from netspec.train.step.preparation import Preparation
from netspec.train.step.scores import Array, Weights

SHOWN_DIFFERENCES = 10
RECORD = "netspec"
HELPS = ("a run keeps its weights in `weights.safetensors`",)


class _Slice(Protocol):
    def get_dtype(self) -> str: ...
    def get_shape(self) -> list[int]: ...


class _File(Protocol):
    """Interface of an open weight file; safetensors has no types."""

    def keys(self) -> list[str]: ...
    def metadata(self) -> dict[str, str] | None: ...
    def get_slice(self, name: str) -> _Slice: ...
    def get_tensor(self, name: str) -> Array: ...


_open = cast("Callable[..., AbstractContextManager[_File]]", safetensors.safe_open)  # pyright: ignore[reportUnknownMemberType]
_save = cast("Callable[[Weights, Mapping[str, str] | None], bytes]", safetensors.numpy.save)
_Broken = cast("type[Exception]", safetensors.SafetensorError)  # pyright: ignore[reportUnknownMemberType]


def expected_shapes(graph: Graph) -> dict[str, Shape]:
    """Shapes of the arrays of this net's weight file: parameters and states (running statistics)."""
    return {kept.value.name: kept.value.shape for kept in (*graph.parameters, *graph.states)}


def weights_content(weights: Weights, preparation: Preparation | None = None) -> bytes:
    """Content of a weight file. With `preparation` the file is complete without its run: the preparation of images is
    JSON in one entry of the metadata, which other readers of safetensors ignore."""
    arrays = {name: np.ascontiguousarray(weights[name], dtype=np.float32) for name in sorted(weights)}
    return _save(arrays, {RECORD: json.dumps(preparation_document(preparation))} if preparation else None)


def write_weights(path: Path, weights: Weights, preparation: Preparation | None = None) -> None:
    """Writes a weight file atomically. Raises DataError (E540)."""
    write_whole(path, weights_content(weights, preparation))


def recorded_preparation(path: Path) -> Preparation | None:
    """The preparation of images recorded in a weight file; None without a record. Raises DataError (E541)."""
    try:
        with _open(path, framework="numpy") as file:
            record = (file.metadata() or {}).get(RECORD)
        return None if record is None else preparation_of(json.loads(record))
    except (_Broken, OSError, ValueError, OverflowError, KeyError, TypeError, AttributeError, RecursionError) as error:
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        message = f"cannot read from `{path}` how images were prepared: {why}"
        raise DataError("E541", message, helps=("write the file again with `save_weights`",)) from None


def read_weights(path: Path, graph: Graph) -> dict[str, Array]:
    """The weights of a net from a file.

    Raises DataError: E541 where the file is not a complete safetensors file, E542 where names, shapes or types are not
    the net's, E543 where it contains infinities or NaN.
    """
    try:
        with _open(path, framework="numpy") as file:
            _compare(path, _described(file), expected_shapes(graph))
            weights = {name: file.get_tensor(name) for name in expected_shapes(graph)}
    except (_Broken, OSError, MemoryError, OverflowError) as error:
        raise DataError("E541", f"cannot read weights from `{path}`: {_reason(error)}", helps=HELPS) from None
    _check_finite(path, weights)
    return weights


def _reason(error: Exception) -> str:
    match error:
        case FileNotFoundError():
            return "there is no such file"
        case IsADirectoryError():
            return "it is a folder"
        case OSError():
            return (error.strerror or str(error)).lower()
        case _:
            return f"it is not a whole safetensors file ({str(error).splitlines()[0]})"


def _described(file: _File) -> dict[str, tuple[str, Shape]]:
    """Type and shape of every array of an open file, without reading the arrays."""
    slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
    return {name: (part.get_dtype(), tuple(part.get_shape())) for name, part in slices.items()}


def _compare(path: Path, found: Mapping[str, tuple[str, Shape]], expected: Mapping[str, Shape]) -> None:
    differences = (
        *(f"`{name}` ({_shape(expected[name])}) is missing" for name in expected if name not in found),
        *(f"`{name}` ({_shape(found[name][1])}) is not of this net" for name in found if name not in expected),
        *_different(found, expected),
    )
    if differences:
        message = f"the weights in `{path}` are not this net's: {len(differences)} of its arrays differ"
        raise DataError("E542", message, notes=tuple(_shortened(differences)), helps=("name the spec they come from",))


def _different(found: Mapping[str, tuple[str, Shape]], expected: Mapping[str, Shape]) -> Iterable[str]:
    for name, shape in expected.items():
        kind, size = found.get(name, ("F32", shape))
        if size != shape:
            yield f"`{name}` is {_shape(size)} in the file and {_shape(shape)} in the net"
        elif kind != "F32":
            yield f"`{name}` is of type {kind}, not F32"


def _shape(shape: Shape) -> str:
    return "x".join(str(size) for size in shape) or "one number"


def _shortened(differences: tuple[str, ...]) -> Iterable[str]:
    yield from differences[:SHOWN_DIFFERENCES]
    if len(differences) > SHOWN_DIFFERENCES:
        yield f"and {len(differences) - SHOWN_DIFFERENCES} more"


def _check_finite(path: Path, weights: Weights) -> None:
    for name, array in weights.items():
        if not np.isfinite(array).all():
            raise DataError("E543", f"`{name}` in `{path}` holds values that are not finite numbers")
