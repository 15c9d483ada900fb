"""Conversion between a `Run` and the JSON of `run.json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, get_args

from netspec.data.levels import Levels
from netspec.data.read_options import Axes
from netspec.ir.recipe import DataOptions
from netspec.runtime.device import USUAL, DeviceChoice, choice_document, choice_of
from netspec.train.run.options import UNASKED, RunOptions, options_document, options_of
from netspec.train.step.preparation import Preparation

Normalize = Literal["standard", "unit", "none"]
LARGEST = float("inf")
LAYOUT = 2
"""Number of the layout of `run.json`; it is increased by each change that older versions would misread. In layout 1
`exact` and `tuning` were keys beside `device`, and the kind of device was cpu."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run folder. `status` is running, finished, interrupted, failed or diverged. `result` is empty until the end;
    `weights_sha256` is then that of the file of weights. `planned_by` is the choice of a device that planned its
    programs, and plans them again when the run is used. `identity` are the facts that decide the bits (`identity.py`),
    `options` the user's other options. `begun` is the local time of the start as ISO 8601 with its zone; None in runs
    of versions that did not record it."""

    folder: Path
    spec: str
    with_values: Mapping[str, str]
    settings: tuple[str, ...]
    seed: int
    data: DataOptions | None
    preparation: Preparation
    versions: Mapping[str, str]
    planned_by: DeviceChoice = USUAL
    options: RunOptions = UNASKED
    identity: Mapping[str, Any] = field(default_factory=dict[str, Any])
    status: str = "running"
    result: Mapping[str, Any] = field(default_factory=dict[str, Any])
    weights_sha256: str | None = None
    begun: str | None = None


def document_of(run: Run) -> dict[str, Any]:
    """A run as a JSON object."""
    return {
        "layout": LAYOUT,
        "status": run.status,
        "begun": run.begun,
        "spec": run.spec,
        "with": dict(run.with_values),
        "set": list(run.settings),
        "seed": run.seed,
        "device": choice_document(run.planned_by),
        "options": options_document(run.options),
        "data": _data_document(run.data),
        **preparation_document(run.preparation),
        "versions": dict(run.versions),
        "identity": dict(run.identity),
        "result": dict(run.result),
        "weights_sha256": run.weights_sha256,
    }


def _data_document(data: DataOptions | None) -> dict[str, Any] | None:
    """The options by name, with absolute paths: the spec moves into the run's folder, the data do not."""
    if data is None:
        return None
    document = asdict(replace(data, span=None, lines={}))
    for name in ("span", "lines", "unclear", "measured"):  # they describe the text, or only a measurement
        del document[name]
    paths = ("source", "labels", "test", "test_labels") if data.is_path else ()
    return document | {name: str(Path(document[name]).absolute()) for name in paths if document[name] is not None}


def run_of(folder: Path, document: Any) -> Run:
    """A run from its JSON; every value is converted to its type.

    Raises ValueError, OverflowError, KeyError, TypeError or AttributeError where that is impossible.
    """
    if document["layout"] not in (1, LAYOUT):
        raise ValueError(f"layout {document['layout']}, where this version reads 1 to {LAYOUT}")
    spec = str(document["spec"])
    if Path(spec).name != spec:
        raise ValueError(f"the spec `{spec}` is not in the folder")
    return Run(
        folder=folder,
        spec=spec,
        with_values={str(key): str(value) for key, value in document["with"].items()},
        settings=tuple(str(setting) for setting in document["set"]),
        seed=int(document["seed"]),
        data=None if document["data"] is None else _data(document["data"]),
        preparation=preparation_of(document),
        versions={str(key): str(value) for key, value in document["versions"].items()},
        planned_by=choice_of(_device(document)),
        options=options_of(document.get("options")),
        identity={str(key): value for key, value in document.get("identity", {}).items()},
        status=str(document["status"]),
        result={str(key): value for key, value in document["result"].items()},
        weights_sha256=_text(document.get("weights_sha256")),
        begun=_time(document.get("begun")),
    )


def _device(document: Any) -> Any:
    if document["layout"] == 1:
        return {"kind": "cpu", "exact": document.get("exact", False), "tuning": document.get("tuning")}
    return document["device"]


def _data(document: Any) -> DataOptions:
    size = document["resize"]
    take, take_test = document["take"], document.get("take_test")
    return DataOptions(
        source=str(document["source"]),
        is_path=bool(document["is_path"]),
        format=_text(document["format"]),
        labels=_text(document["labels"]),
        test=_text(document["test"]),
        test_labels=_text(document["test_labels"]),
        validate=float(document["validate"]),
        normalize=_normalize(document["normalize"]),
        classes=tuple(one if isinstance(one, str) else int(one) for one in document["classes"]),
        take=None if take is None else int(take),
        take_test=None if take_test is None else int(take_test),
        resize=None if size is None else (int(size[0]), int(size[1])),
        axes=_axes(document.get("axes")),
        black=_real(document.get("black")),
        white=_real(document.get("white")),
        extra={str(key): value for key, value in document["extra"].items()},
    )


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _real(value: Any) -> float | None:
    return None if value is None else float(value)


def _axes(value: Any) -> Axes | None:
    if value not in (None, *get_args(Axes)):
        raise ValueError(f"axes `{value}`")
    return value


def _time(value: Any) -> str | None:
    return None if value is None else datetime.fromisoformat(value).astimezone().isoformat()


def _normalize(value: Any) -> Normalize:
    if value not in get_args(Normalize):
        raise ValueError(f"normalisation `{value}`")
    return value


def preparation_document(preparation: Preparation) -> dict[str, Any]:
    """The preparation of images as a JSON object."""
    return {
        "image": {"shape": preparation.shape, **asdict(preparation.levels)},
        "normalisation": {"mean": preparation.mean, "deviation": preparation.deviation},
        "classes": preparation.class_names,
    }


def preparation_of(document: Any) -> Preparation:
    """The preparation from its JSON. Raises as `run_of`."""
    channels, height, width = (int(size) for size in document["image"]["shape"])
    mean, deviation = (tuple(float(x) for x in document["normalisation"][key]) for key in ("mean", "deviation"))
    if not (len(mean) == len(deviation) == channels and min(channels, height, width) >= 1 and min(deviation) > 0):
        raise ValueError("the normalisation does not fit the image")
    names = tuple(str(name) for name in document["classes"])
    return Preparation((channels, height, width), mean, deviation, _levels(document["image"], min(mean)), names)


def _levels(image: Any, least_mean: float) -> Levels:
    """Levels of black and white. Runs of older versions recorded white alone; a mean below zero means that black is
    unknown, and -white is assumed."""
    black, white = float(image.get("black", 0.0)), float(image["white"])
    if not -LARGEST < black < white < LARGEST:
        raise ValueError(f"black {black}, white {white}")
    if "kind" not in image:
        return Levels(-white if least_mean < 0 else 0.0, white, kind="", settled=least_mean >= 0)
    return Levels(black, white, str(image["kind"]), bool(image["given"]), bool(image["settled"]))
