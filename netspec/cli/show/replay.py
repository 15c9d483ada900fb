"""What `netspec train --replay RUN` shows: a step that diverged, layer by layer."""

from __future__ import annotations

from netspec.cli.show.printing import counted, failure_as_json, report_failure, say, say_json
from netspec.cli.show.tables import Column, show, table
from netspec.runtime.device import RESUMED_ON_CPU, DeviceChoice, open_kept
from netspec.train.events import Diverged
from netspec.train.run.begin import DataPlaces
from netspec.train.run.document import Run
from netspec.train.run.folder import run_experiment
from netspec.train.run.replay import replay
from netspec.train.watch.diverged import diverged_document, diverged_error
from netspec.train.watch.numerics import LayerFigures, Magnitude

COLUMNS: tuple[Column, ...] = (
    ("layer", "left"),
    ("largest |activation|", "right"),
    ("largest |w|", "right"),
    ("largest |dw|", "right"),
    ("", "left"),
)


def show_replay(run: Run, places: DataPlaces, choice: DeviceChoice, *, force: bool, as_json: bool) -> int:
    """Takes the step again and shows it. Returns the exit status: that of the training, or 0 where, with `force`, what
    has changed since keeps it from diverging."""
    experiment = run_experiment(run)
    device = open_kept(choice, run.planned_by, RESUMED_ON_CPU)
    diverged = replay(run, experiment, places=places, device=device, force=force)
    error = diverged_error(diverged, experiment) if diverged.numerics.culprit else None
    if as_json:
        said = failure_as_json(error) if error else []
        say_json({"run": run.folder, **diverged_document(diverged), "diagnostics": said})
    else:
        _show(diverged)
    return report_failure(error, as_json=False) if error else 0


def _show(diverged: Diverged) -> None:
    numerics, culprit = diverged.numerics, diverged.numerics.culprit
    images = counted(numerics.images, "image")
    if diverged.phase == "training":
        position = diverged.before.position
        say(f"step {position.step + 1:,} (epoch {position.epochs + 1}): {images}, learning rate {numerics.rate:g}\n")
    else:
        say(f"{images} of the {diverged.phase} part, after step {diverged.before.position.step:,}\n")
    show(table(COLUMNS, (_cells(layer, culprit.layer if culprit else None) for layer in numerics.layers)))
    say("" if culprit else "\nevery number is finite this time")


def _cells(layer: LayerFigures, broken: str | None) -> tuple[str, ...]:
    sizes = (layer.activations, layer.weights, layer.gradients)
    return layer.name, *map(_size, sizes), "<- first" if layer.name == broken else ""


def _size(size: Magnitude | None) -> str:
    """The largest finite number, and how many are not finite."""
    if size is None:
        return "-"
    if size.largest is None:
        return f"all {size.broken:,} not finite"
    return f"{size.largest:.3g}" + (f" and {size.broken:,} not finite" if size.broken else "")
