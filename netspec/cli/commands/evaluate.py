"""`netspec evaluate`: loss and accuracy of a trained net."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from netspec.cli.data_options import data_memory_option, data_progress
from netspec.cli.device_options import device_options
from netspec.cli.options import (
    data_dir_option,
    data_option,
    json_option,
    override_options,
    weights_option,
)
from netspec.cli.show.evaluation_progress import EvaluationProgress
from netspec.cli.show.printing import note, say, say_json, say_line
from netspec.cli.show.training_display import percent, scores_line
from netspec.cli.trained import load_trained
from netspec.data.dataset import Dataset
from netspec.data.environment import readable_data_folder
from netspec.data.fit import check_fit
from netspec.diagnostics.cells import shown
from netspec.runtime.device import Device, DeviceChoice, open_kept
from netspec.train.draw.matrix import WRITTEN_CLASSES, draw_matrix
from netspec.train.run.begin import DataPlaces, load_data
from netspec.train.run.files import check_can_write, write_whole
from netspec.train.use.answers import Answers, NumberErrors
from netspec.train.use.evaluate import Evaluation, evaluate, measured_part
from netspec.train.use.trained import Trained


@click.command("evaluate")
@click.argument("target", metavar="RUN|SPEC")
@weights_option
@click.option(
    "--confusion", "matrix", metavar="FILE.png", type=click.Path(path_type=Path), help="Draw the confusion matrix."
)
@click.option("--strict", is_flag=True, help="Make data files that would be skipped an error.")
@data_option
@data_dir_option
@data_memory_option
@device_options
@override_options
@json_option
def command(
    target: str,
    weights: Path | None,
    matrix: Path | None,
    strict: bool,
    data: str | None,
    data_dir: Path | None,
    data_memory: int,
    choice: DeviceChoice,
    with_values: dict[str, str],
    settings: tuple[str, ...],
    as_json: bool,
) -> None:
    """Measure a run, or SPEC with --weights FILE, on the test part of its data, else on the validation part.

    Classes of other data are matched by name, of files that hold numbers only by number.
    """
    if matrix is not None:
        check_can_write(matrix)
    places = DataPlaces(data_dir, readable_data_folder(), strict, data_memory, data_progress)
    trained = load_trained(
        target, weights=weights, with_values=with_values, settings=settings, data=data, places=places
    )
    dataset = load_data(trained.experiment, places, trained.known, to_measure=True)
    fit = check_fit(dataset, trained.experiment.graph, trained.experiment.train.loss)
    for notice in (*dataset.notices, *fit):
        note(notice)
    found = _measured(trained, dataset, open_kept(choice, trained.planned_by))
    names = class_names(found, dataset.class_names)
    drawn = matrix and draw(matrix, f"{trained.experiment.graph.name}, {found.part} part", found.answers, names)
    if as_json:
        scores, errors = found.scores, errors_document(found.errors)
        head = {"part": found.part, "images": scores.images, "loss": scores.loss, "accuracy": scores.accuracy}
        say_json({**head, **errors, **answers_document(found.answers, names), "png": drawn})
    else:
        say_line(f"{trained.experiment.graph.name} on {dataset.description}")
        say(scores_line(found.part, found.scores))
        for line in (*errors_lines(found.errors), *answers_lines(found.answers, tuple(map(shown, names)))):
            say(line)
        if drawn is not None:
            say(f"\nwrote {shown(str(drawn))}")


def _measured(trained: Trained, dataset: Dataset, device: Device) -> Evaluation:
    """Measures, and says how far it is."""
    progress, (name, part) = EvaluationProgress(), measured_part(dataset)
    progress.begin(f"the {name} part", len(part))
    return evaluate(
        trained.experiment, dataset, trained.preparation, trained.weights, device=device, progress=progress.tell
    )


def draw(path: Path, title: str, answers: Answers | None, names: tuple[str, ...]) -> Path | None:
    """Draws the confusion matrix; None, with a remark, where there is none. Raises DataError (E540)."""
    if answers is None:
        note(f"`{path}` is not written: the labels are no classes of the net")
        return None
    write_whole(path, draw_matrix(title, answers.confusion, names))
    return path


def class_names(found: Evaluation, names: tuple[str, ...]) -> tuple[str, ...]:
    """What the classes are called; their numbers where they have no names."""
    classes = len(found.answers.confusion) if found.answers else 0
    return names if len(names) == classes else tuple(map(str, range(classes)))


def errors_document(errors: NumberErrors | None) -> dict[str, object]:
    """How far numbers are from labels, for programs; null where the net gives classes."""
    return {
        "mean_absolute_error": errors and errors.mean_absolute,
        "root_mean_squared_error": errors and errors.root_mean_squared,
    }


def errors_lines(errors: NumberErrors | None) -> Iterator[str]:
    """The same for a person; nothing where the net gives classes."""
    if errors is not None:
        yield f"mean absolute error  {errors.mean_absolute:.6g}"
        yield f"root mean squared error  {errors.root_mean_squared:.6g}"


def answers_document(answers: Answers | None, names: tuple[str, ...]) -> dict[str, object]:
    """The same for programs; null where the labels are no classes of the net."""
    if answers is None:
        return {"top5_accuracy": None, "calibration_error": None, "classes": None, "confusion": None}
    rows = zip(names, answers.images, answers.recall, answers.precision, strict=True)
    return {
        "top5_accuracy": answers.top5,
        "calibration_error": answers.calibration_error,
        "classes": [dict(zip(("class", "images", "recall", "precision"), row, strict=True)) for row in rows],
        "confusion": answers.confusion,
    }


def answers_lines(answers: Answers | None, names: tuple[str, ...]) -> Iterator[str]:
    """Top 5, calibration, a row a class; up to twenty classes also the confusion matrix, else where it can be seen."""
    if answers is None:
        return
    if answers.top5 is not None:
        yield f"among the five likeliest  {percent(answers.top5)}"
    yield f"calibration error  {percent(answers.calibration_error)} between confidence and accuracy"
    width = max(len("class"), *map(len, names))
    yield f"\n{'class'.ljust(width)}   images     recall  precision"
    for name, images, *ratios in zip(names, answers.images, answers.recall, answers.precision, strict=True):
        cells = "  ".join(f"{percent(ratio):>9}" for ratio in ratios)
        yield f"{name.ljust(width)}  {images:>7,}  {cells}"
    if len(names) > WRITTEN_CLASSES:
        yield f"\nthe confusion matrix of {len(names)} classes is not printed: `--confusion FILE.png` draws it"
    else:
        cell = max(4, len(f"{max(map(max, answers.confusion)):,}") + 1)
        width = max(width, len("taken for"))
        yield f"\n{'taken for'.ljust(width)}" + "".join(f"{name[: cell - 1]:>{cell}}" for name in names)
        for name, row in zip(names, answers.confusion, strict=True):
            yield name.ljust(width) + "".join(f"{count or '.':>{cell}}" for count in row)
