"""Checkpoints: snapshots of a training as files, each replaced atomically; the last few are kept.

`checkpoints/step-000000001234.safetensors` in the run's folder contains the arrays by name, those of the best epoch
with the prefix `best/`. Its metadata is one entry with a SHA-256 of everything and the position as JSON; with several
entries safetensors would choose their order. So the same training at the same step gives the same bytes. The time spent
is in another file, `time.json`.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
import safetensors
import safetensors.numpy

from netspec.diagnostics.failure import DataError
from netspec.ir.graph import Shape
from netspec.train.run.files import make_folder, remove, write_whole
from netspec.train.step.early_stopping import EarlyStopping
from netspec.train.step.loss_curve import LossCurve
from netspec.train.step.scores import Array, RunningSums, Scores, Weights
from netspec.train.step.snapshot import UNTIMED, Elapsed, Position, Snapshot
from netspec.train.watch.explosion import Explosion, LossPeak
from netspec.train.watch.layer_statistics import LayerStatistics
from netspec.train.watch.sample import Sample

KEYS = {"sums": "tally", "loss_curve": "course", "early_stopping": "watch", "loss_peak": "height"}
"""Names in checkpoints of fields of `Position` that are called otherwise there."""
FOLDER, PATTERN, TIME, BEST = "checkpoints", "step-*.safetensors", "time.json", "best/"


class _File(Protocol):
    def keys(self) -> list[str]: ...
    def metadata(self) -> dict[str, str] | None: ...
    def get_tensor(self, name: str) -> Array: ...


_open = cast("Callable[..., AbstractContextManager[_File]]", safetensors.safe_open)  # pyright: ignore[reportUnknownMemberType]
_save = cast("Callable[[Weights, Mapping[str, str]], bytes]", safetensors.numpy.save)
_Broken = cast("type[Exception]", safetensors.SafetensorError)  # pyright: ignore[reportUnknownMemberType]


def checkpoint_paths(run: Path) -> list[Path]:
    """The checkpoints of a run, newest first."""
    return sorted((run / FOLDER).glob(PATTERN), reverse=True)


def write_checkpoint(run: Path, snapshot: Snapshot, keep: int) -> None:
    """Writes a checkpoint, then removes all but the last `keep`. Raises DataError (E540), with older ones intact.

    Checkpoints of later steps are removed too: a resumed training has skipped them because they are damaged.
    """
    make_folder(run / FOLDER)
    path = run / FOLDER / f"step-{snapshot.position.step:012}.safetensors"
    write_whole(path, encode_snapshot(snapshot))
    write_whole(run / FOLDER / TIME, json.dumps(asdict(snapshot.elapsed)).encode())
    paths = checkpoint_paths(run)
    newest = paths.index(path)
    remove(paths[:newest] + paths[newest + keep :])


def encode_snapshot(snapshot: Snapshot) -> bytes:
    """Content of a checkpoint file: the snapshot without its time."""
    best = {f"{BEST}{name}": array for name, array in snapshot.best.items()}
    arrays = {name: np.asarray(array, np.float32, order="C") for name, array in {**snapshot.arrays, **best}.items()}
    fields = asdict(snapshot.position)
    position = json.dumps({KEYS.get(name, name): value for name, value in fields.items()})
    return _save(arrays, {"position": f"{_digest(position, arrays)} {position}"})


def clear_checkpoints(run: Path) -> None:
    """Removes every checkpoint. Raises DataError (E540)."""
    remove([*checkpoint_paths(run), run / FOLDER / TIME])


def sweep(run: Path) -> None:
    """Removes partly written files of killed processes."""
    for folder in (run, run / FOLDER):
        remove(folder.glob(".*.part"))


def newest_snapshot(run: Path, shapes: Mapping[str, Shape]) -> tuple[Snapshot | None, tuple[str, ...]]:
    """The snapshot of the newest intact checkpoint, None where there is none, and a notice for each damaged one.

    `shapes` are those of the training step's parameters and states. Raises DataError (E542) where they differ.
    """
    newest, damage = newest_whole(run)
    if newest is None:
        return None, tuple(f"{why}; the training starts again" for why in damage)
    path, snapshot = newest
    check_shapes(path, snapshot, shapes)
    notices = tuple(f"{why}; the training goes on from step {snapshot.position.step:,}" for why in damage)
    return replace(snapshot, elapsed=_elapsed(run / FOLDER / TIME)), notices


def newest_whole(run: Path) -> tuple[tuple[Path, Snapshot] | None, tuple[str, ...]]:
    """The newest intact checkpoint without its time, None where there is none, and messages about damaged ones after
    it. Starts again where a running training removes one meanwhile: then there is a newer one."""
    damage: list[str] = []
    for path in checkpoint_paths(run):
        try:
            return (path, read_checkpoint(path)), tuple(damage)
        except DataError as error:
            if not path.exists():
                return newest_whole(run)
            damage.append(error.message)
    return None, tuple(damage)


def _elapsed(path: Path) -> Elapsed:
    """The time spent at the last checkpoint; `UNTIMED` where it cannot be read, since no bit depends on it."""
    try:
        document = json.loads(path.read_bytes())
        elapsed = Elapsed(*(float(document[name]) for name in ("seconds", "epoch_seconds", "waited_seconds")))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return UNTIMED
    ordered = 0 <= elapsed.waited_seconds <= elapsed.epoch_seconds <= elapsed.seconds < math.inf
    return elapsed if ordered else UNTIMED


def read_checkpoint(path: Path) -> Snapshot:
    """The snapshot of an intact checkpoint, without its time. Raises DataError (E545) where it is damaged."""
    try:
        with _open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
        digest, _, document = metadata["position"].partition(" ")
        if digest != _digest(document, arrays):
            raise ValueError("its checksum is wrong")
        position = _position(json.loads(document))
    except (_Broken, OSError, ValueError, KeyError, TypeError, MemoryError) as error:
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError("E545", f"the checkpoint `{path}` is damaged: {why}") from None
    now = {name: array for name, array in arrays.items() if not name.startswith(BEST)}
    best = {name.removeprefix(BEST): array for name, array in arrays.items() if name.startswith(BEST)}
    return Snapshot(position, now, best)


def _digest(position: str, arrays: Weights) -> str:
    digest = hashlib.sha256(position.encode())
    for name in sorted(arrays):
        digest.update(f"\n{name} {arrays[name].shape}\n".encode())
        digest.update(np.asarray(arrays[name], order="C").tobytes())
    return digest.hexdigest()


def check_shapes(path: Path, snapshot: Snapshot, shapes: Mapping[str, Shape]) -> None:
    """Raises DataError (E542) where names or shapes of a snapshot's arrays are not those of a net's training step."""
    found = {name: array.shape for name, array in snapshot.arrays.items()}
    wrong = sorted(name for name in {**found, **shapes} if found.get(name) != shapes.get(name))
    if wrong:
        notes = tuple(f"`{name}` differs" for name in wrong[:10])
        raise DataError("E542", f"the checkpoint `{path}` is another net's", notes=notes)


def _position(document: Any) -> Position:
    return Position(
        epochs=int(document["epochs"]),
        step=int(document["step"]),
        rate=float(document["rate"]),
        sums=RunningSums(**document["tally"]),
        loss_curve=LossCurve(tuple(float(loss) for loss in document["course"]["sums"])),
        training=_scores(document["training"]),
        validation=_scores(document["validation"]),
        best=_scores(document["best"]),
        early_stopping=EarlyStopping(**document["watch"]),
        sample=_sample(document["sample"]),
        dead=tuple(document["dead"]),
        loss_peak=_loss_peak(document["height"]),
        batch=None if document.get("batch") is None else int(document["batch"]),
    )


def _loss_peak(document: Any) -> LossPeak:
    explosion = Explosion(**document["explosion"]) if document["explosion"] else None
    return LossPeak(document["lowest"], document["images"], document["loss"], explosion)


def _sample(document: Any) -> Sample:
    layers = tuple(LayerStatistics(**layer) for layer in document["layers"])
    return Sample(document["images"], tuple(document["flat"]), layers)


def _scores(document: Any) -> Scores | None:
    return None if document is None else Scores(**document)
