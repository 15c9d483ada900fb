"""Identity of a training: the facts that decide its bits. Trainings with equal facts give equal weights."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from importlib.metadata import version
from typing import Any

import numpy as np

from netspec.data.ahead import ahead
from netspec.data.dataset import Dataset, Images, Part
from netspec.data.pieces import pieces
from netspec.data.stored import Stored
from netspec.ir.recipe import Experiment
from netspec.runtime.device import Device

WHOLE_BYTES = 1 << 30
"""largest part of which all images are hashed; of a larger one, evenly spaced images are"""
SAMPLED_IMAGES, SAMPLED_BYTES = 1024, 1 << 27
THREADS = 2

TARGET = "target.name"
Facts = Mapping[str, Any]
"""Facts by name, as JSON values: `train.sgd.rate` -> 0.05."""


def identity(experiment: Experiment, dataset: Dataset, device: Device) -> dict[str, Any]:
    """The facts of a training: net, recipe, data, device, versions. Long ones are replaced by their SHA-256."""
    return {
        **_recipe_facts(experiment),
        **_data_facts(dataset),
        **{f"target.{name}": value for name, value in device.facts().items()},
        **{f"version.{name}": version(name) for name in ("netspec", "numpy", "numba", "llvmlite")},
    }


def source_facts(texts: Mapping[str, str]) -> dict[str, Any]:
    """The facts of a spec and of the files that it uses, by name."""
    return {f"spec.{name}": _hash(text.encode()) for name, text in sorted(texts.items())}


def _recipe_facts(experiment: Experiment) -> dict[str, Any]:
    graph, train = experiment.graph, experiment.train
    net = (graph.inputs, graph.parameters, graph.states, graph.nodes, graph.outputs)
    augment = [(transform.kind, sorted(transform.values.items())) for transform in experiment.augment]
    plain = replace(train, span=None, lines={}, schedule=replace(train.schedule, span=None))
    return {
        "net": _hash(repr(net).encode()),
        "augment": repr(augment),
        **{f"train.{name}": value for name, value in _flat(asdict(plain)) if not name.endswith(("span", "lines"))},
    }


def _flat(document: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in document.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{above}{name}.")  # pyright: ignore[reportUnknownArgumentType]
        else:
            yield f"{above}{name}", list(value) if isinstance(value, tuple) else value  # pyright: ignore[reportUnknownArgumentType]


def _data_facts(dataset: Dataset) -> dict[str, Any]:
    parts = {"train": dataset.train, "validation": dataset.validation, "test": dataset.test}
    checksums = {f"data.{name}": None if part is None else _checksum(part) for name, part in parts.items()}
    levels = dataset.levels
    named = {"data.black": levels.black, "data.white": levels.white} if levels.given else {}
    return {**checksums, **named, "data.mean": dataset.mean.tolist(), "data.deviation": dataset.deviation.tolist()}


def _checksum(part: Part) -> str:
    """SHA-256 of labels and images, the same for images in memory and in files. Of a part above `WHOLE_BYTES` it covers
    evenly spaced images alone, so that it takes a moment. Raises DataError."""
    images = part.images
    digest = hashlib.sha256(f"{images.shape} {images.dtype}".encode())
    for piece in _told_by(images):
        digest.update(np.ascontiguousarray(piece).data)
    digest.update(np.ascontiguousarray(part.labels).data)
    return digest.hexdigest()


def _told_by(images: Images | Stored) -> Iterator[Images]:
    """The images that enter the checksum, a few at a time."""
    image_bytes = math.prod(images.shape[1:]) * images.dtype.itemsize
    if len(images) * image_bytes <= WHOLE_BYTES:
        yield from ahead(lambda piece: images[piece], pieces(images.shape, images.dtype), THREADS)
        return
    count = max(1, min(SAMPLED_IMAGES, SAMPLED_BYTES // image_bytes))
    yield images[np.linspace(0, len(images) - 1, count, dtype=np.int64)]


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def changed(then: Facts, now: Facts) -> tuple[str, ...]:
    """The names of the facts that differ."""
    names = (*then, *(name for name in now if name not in then))
    return tuple(name for name in names if then.get(name) != now.get(name))


def differences(then: Facts, now: Facts) -> tuple[str, ...]:
    """The differences, one sentence per fact; of a device of another kind, which has other facts, one in all."""
    names = changed(then, now)
    if _of_another_kind(then, now):
        names = tuple(name for name in names if name == TARGET or not name.startswith("target."))
    return tuple(_told(name, then.get(name), now.get(name)) for name in names)


def moved_notice(then: Facts, now: Facts) -> tuple[str, ...]:
    """A notice where a training goes on with a device of another kind than it began with."""
    if not _of_another_kind(then, now):
        return ()
    devices = f"the run began with {then[TARGET]} and goes on with {now[TARGET]}"
    return (f"{devices}: its bits are those of neither from here on",)


def _of_another_kind(then: Facts, now: Facts) -> bool:
    """Whether the facts are of devices of two kinds, which have facts of other names."""
    first, second = ({name for name in facts if name.startswith("target.")} for facts in (then, now))
    return TARGET in first & second and then[TARGET] != now[TARGET] and first != second


def _told(name: str, then: Any, now: Any) -> str:
    if any(isinstance(value, str) and len(value) == 64 for value in (then, now)):
        return f"`{name}` has changed"
    return f"`{name}` was {then} and is {now}"
