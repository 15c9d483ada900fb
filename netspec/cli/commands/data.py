"""`netspec data`: which data sets there are and where, how to get them, what is in them."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from difflib import get_close_matches
from io import BytesIO
from pathlib import Path

import click
import numpy as np
from PIL import Image

from netspec.cli.experiment import load_experiment
from netspec.cli.options import data_dir_option, json_option, override_options
from netspec.cli.show.printing import counted, note, remark, say, say_json, say_line
from netspec.cli.show.tables import Column, show, table
from netspec.data.augment_sheet import augment_sheet
from netspec.data.dataset import Caution, Dataset, Part
from netspec.data.environment import readable_data_folder
from netspec.data.fetch import Progress, fetch
from netspec.data.fit import class_cautions
from netspec.data.generated import GENERATED
from netspec.data.levels import Levels, written
from netspec.data.load import built_in_names, load
from netspec.data.normalize import number_range
from netspec.data.places import Places, find
from netspec.data.published import PUBLISHED
from netspec.data.sheet import contact_sheet
from netspec.diagnostics.cells import shown
from netspec.diagnostics.failure import DataError, UsageError
from netspec.ir.augmentation import Augmentation, augmentation
from netspec.ir.recipe import DataOptions, Experiment
from netspec.resources import bundled_specs
from netspec.train.run.begin import cautions_of
from netspec.train.run.files import write_whole
from netspec.train.step.preparation import crop_pad

LIST_COLUMNS: tuple[Column, ...] = (("name", "left"), ("what it is", "left"), ("where it is", "left"))


@click.group("data")
def command() -> None:
    """List, fetch and show data sets.

    Published sets are looked for in --data-dir, in the folder that NETSPEC_DATA names, in the cache folder and where
    Debian puts them, each in a folder of its name. Downloads go to --data-dir or else to the cache folder.
    """


@command.command("list")
@data_dir_option
@json_option
def list_command(data_dir: Path | None, as_json: bool) -> None:
    """List the data sets that a spec can name, and where each one is."""
    places = Places(data_dir, readable_data_folder())
    sets = [_described(name, places) for name in built_in_names()]
    if as_json:
        return say_json({"datasets": sets, "searched": list(places.roots), "downloads": places.download})
    rows = [(str(one["name"]), str(one["about"]), _whereabouts(one)) for one in sets]
    show(table(LIST_COLUMNS, rows))
    return None


def _described(name: str, places: Places) -> dict[str, object]:
    if name in PUBLISHED:
        return {
            "name": name,
            "about": PUBLISHED[name].description,
            "kind": "published",
            "place": find(PUBLISHED[name], places),
            "terms": PUBLISHED[name].terms,
        }
    if name in GENERATED:
        kind = GENERATED[name]
        about = f"{kind.title}, in {len(kind.class_names)} classes"
        return {"name": name, "about": about, "kind": "generated", "place": None, "terms": None}
    about = "handwritten digits of UCI, 1,797 images 1x8x8 in 10 classes"
    return {"name": name, "about": about, "kind": "bundled", "place": None, "terms": "CC BY 4.0"}


def _whereabouts(one: dict[str, object]) -> str:
    match one["kind"], one["place"]:
        case "published", None:
            return f"not here: netspec data fetch {one['name']}"
        case "published", place:
            return str(place)
        case "generated", _:
            return "made from the seed"
        case _:
            return "comes with netspec"


@command.command("fetch")
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@data_dir_option
@json_option
def fetch_command(names: tuple[str, ...], data_dir: Path | None, as_json: bool) -> None:
    """Download published data sets into --data-dir or the cache folder.

    Every file is checked and appears when it is whole. What was cut off, by the network or with Ctrl-C, goes on from
    where it stopped when the command is given again.
    """
    for name in names:
        _check_name(name)
    places = Places(data_dir, readable_data_folder())
    answers = [_fetched(name, places) for name in dict.fromkeys(names)]
    if as_json:
        return say_json({"datasets": answers})
    for answer in answers:
        say_line(f"{answer['name']}: {answer['remark']}")
    return None


def _check_name(name: str) -> None:
    if name not in built_in_names():
        close = get_close_matches(name, PUBLISHED, n=1)
        helps = (f"did you mean `{close[0]}`?",) if close else (f"there are {', '.join(PUBLISHED)}",)
        raise UsageError("E524", f"there is no data set `{name}` to download", helps=helps)


def _fetched(name: str, places: Places) -> dict[str, object]:
    """Downloads one set unless it is here already, in whatever place when no folder was named."""
    if name not in PUBLISHED:
        return {"name": name, "place": None, "files": [], "remark": "nothing to download, it comes with netspec"}
    there = find(PUBLISHED[name], places) if places.data is None else None
    if there is not None:
        return {"name": name, "place": there, "files": [], "remark": f"already in {there}"}
    folder = places.download / PUBLISHED[name].folders[0]
    try:
        with _progress() as progress:
            files = fetch(PUBLISHED[name], folder, progress)
    except KeyboardInterrupt:
        remark(f"{name}: what has arrived is kept in {shown(str(folder))}; the same command goes on from there")
        raise
    done = f"{counted(len(files), 'file')} downloaded to {folder}" if files else f"already in {folder}"
    return {"name": name, "place": folder, "files": list(files), "remark": done}


@contextmanager
def _progress() -> Generator[Progress]:
    """A bar a file on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda name, received, total: None
        return
    from rich.console import Console  # noqa: PLC0415 (downloads on a terminal only)
    from rich.progress import BarColumn, DownloadColumn, TaskID, TimeRemainingColumn, TransferSpeedColumn  # noqa: PLC0415
    from rich.progress import Progress as Bars  # noqa: PLC0415

    columns = ("{task.description}", BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Bars(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, TaskID] = {}

        def progress(name: str, received: int, total: int | None) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(name, total=total)
            bars.update(tasks[name], completed=received, total=total)

        yield progress


@command.command("show")
@click.argument("subject", metavar="NAME|PATH|SPEC")
@click.option("--labels", type=click.Path(), help="The label file of IDX images.")
@click.option("--resize", metavar="HxW", help="Bring pictures to one size.")
@click.option("--output", type=click.Path(path_type=Path), help="Where the sheet goes; default NAME-samples.png.")
@click.option("--columns", type=click.IntRange(1, 50), default=10, show_default=True, help="Images of each class.")
@click.option("--augment", is_flag=True, help="Draw an image of each class and its variants in training.")
@click.option("--strict", is_flag=True, help="A file that cannot be used is an error.")
@override_options
@data_dir_option
@json_option
def show_command(
    subject: str,
    labels: str | None,
    resize: str | None,
    output: Path | None,
    columns: int,
    augment: bool,
    strict: bool,
    with_values: dict[str, str],
    settings: tuple[str, ...],
    data_dir: Path | None,
    as_json: bool,
) -> None:
    """Draw samples of each class on a sheet (PNG) and tell class counts, mean and deviation.

    Shows a data set by name, files by their path, or what a spec trains on, with its options. Mean and deviation are
    of the training part, per channel, on the scale of the stored pixels. With `--augment` a row is an image of a class
    as evaluation sees it, then as training does in its first epochs.
    """
    if augment or _is_spec(subject):
        experiment = load_experiment(subject, with_values=with_values, settings=settings)
        dataset = _trained_on(experiment, subject, strict, data_dir)
    elif with_values or settings:
        raise UsageError("E527", f"`--with` and `--set` change a spec, and `{subject}` is none")
    else:
        experiment, dataset = None, _loaded(subject, labels, resize, strict, data_dir)
    for notice in dataset.notices:
        note(notice)
    cautions = cautions_of(dataset, experiment) if experiment else class_cautions(dataset)
    for caution in cautions:
        remark(f"warning[{caution.code}]: {caution.message}")
    target = output or Path(f"{Path(subject).stem or 'data'}-{'augmented' if augment else 'samples'}.png")
    if experiment and augment:
        sheet = _augment_sheet(experiment, dataset, subject, columns)
    else:
        sheet = contact_sheet(dataset.train, dataset.class_names, dataset.levels, columns)
    write_whole(target, _png(sheet))
    if as_json:
        return say_json(_document(dataset, target, cautions))
    return _show(dataset, target)


def _is_spec(subject: str) -> bool:
    """Whether it is no data set, but a spec: a bundled one goes by its name where no file has that."""
    if subject.endswith(".net"):
        return True
    return subject in bundled_specs() and subject not in built_in_names() and not Path(subject).exists()


def _loaded(subject: str, labels: str | None, resize: str | None, strict: bool, data_dir: Path | None) -> Dataset:
    named = subject in built_in_names()
    if not named and not Path(subject).exists():
        raise _unknown(subject)
    options = DataOptions(subject, is_path=not named, labels=labels, resize=_size(resize), normalize="standard")
    return load(options, data_dir=data_dir, shared_dir=readable_data_folder(), strict=strict)


def _trained_on(experiment: Experiment, subject: str, strict: bool, data_dir: Path | None) -> Dataset:
    if experiment.data is None:
        raise UsageError("E525", f"`{subject}` has no `data` line", helps=("name a data set or a path instead",))
    return load(
        experiment.data,
        data_dir=data_dir,
        shared_dir=readable_data_folder(),
        seed=experiment.train.seed,
        strict=strict,
        shape=experiment.graph.inputs[0].shape,
        crop_pad=crop_pad(experiment),
        arguments=experiment.graph.arguments,
    )


def _augment_sheet(experiment: Experiment, dataset: Dataset, subject: str, columns: int) -> Image.Image:
    shape, pad = experiment.graph.inputs[0].shape, crop_pad(experiment)
    found = augmentation(experiment.augment) or (None if pad is None else Augmentation())
    if found is None or len(shape) != 3:
        helps = ("write `augment { shift 2 }`, or `--set augment.shift=2`",) if len(shape) == 3 else ()
        raise UsageError("E528", f"`{subject}` augments no images", helps=helps)
    size, seed = (shape[1], shape[2]), experiment.train.seed
    return augment_sheet(dataset, found, size=size, pad=pad, seed=seed, columns=columns)


def _unknown(subject: str) -> DataError:
    close = get_close_matches(subject, (*built_in_names(), *bundled_specs()), n=1)
    helps = (f"did you mean `{close[0]}`?",) if close else ("`netspec data list` lists the sets that have names",)
    return DataError("E502", f"`{subject}` is neither a data set, a bundled spec nor a file", helps=helps)


def _size(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    parts = text.split("x")
    if len(parts) != 2 or not all(part.isascii() and part.isdigit() and 0 < int(part) <= 4096 for part in parts):
        raise UsageError("E526", f"`--resize {text}` is not a size", helps=("write height x width: `--resize 32x32`",))
    return int(parts[0]), int(parts[1])


def _png(sheet: Image.Image) -> bytes:
    buffer = BytesIO()
    sheet.save(buffer, "PNG")
    return buffer.getvalue()


def _parts(dataset: Dataset) -> dict[str, Part]:
    parts = {"train": dataset.train, "validation": dataset.validation, "test": dataset.test}
    return {name: part for name, part in parts.items() if part is not None}


def _counts(part: Part, classes: int) -> list[int]:
    return np.bincount(part.labels, minlength=classes).tolist()


def _document(dataset: Dataset, target: Path, cautions: tuple[Caution, ...]) -> dict[str, object]:
    parts = {name: _counts(part, len(dataset.class_names)) for name, part in _parts(dataset).items()}
    return {
        "description": dataset.description,
        "shape": list(dataset.train.images.shape[1:]),
        "dtype": str(dataset.train.images.dtype),
        "class_names": list(dataset.class_names),
        "images": {name: sum(counts) for name, counts in parts.items()},
        "counts": parts,
        "mean": dataset.mean.tolist(),
        "deviation": dataset.deviation.tolist(),
        "black": dataset.levels.black if dataset.levels.settled else None,
        "white": dataset.levels.white if dataset.levels.settled else None,
        "range": list(number_range(dataset.train.images)),
        "sheet": target,
        "notices": [*dataset.notices, *(caution.message for caution in cautions)],
    }


def _show(dataset: Dataset, target: Path) -> None:
    parts = {name: _counts(part, len(dataset.class_names)) for name, part in _parts(dataset).items()}
    columns: tuple[Column, ...] = (("class", "right"), ("name", "left"), *((name, "right") for name in parts))
    rows = [
        (str(label), name, *(f"{counts[label]:,}" for counts in parts.values()))
        for label, name in enumerate(dataset.class_names)
    ]
    totals = ("", "all", *(f"{sum(counts):,}" for counts in parts.values()))
    say_line(dataset.description)
    say(f"image  {'x'.join(map(str, dataset.train.images.shape[1:]))} of {dataset.train.images.dtype}")
    say(f"mean   {_numbers(dataset.mean.tolist())}  deviation {_numbers(dataset.deviation.tolist())}")
    low, high = (written(number) for number in number_range(dataset.train.images))
    say(f"range  {low} to {high}  ({_told_levels(dataset.levels)})")
    show(table(columns, rows, totals))
    say_line(f"wrote {target}")


def _told_levels(levels: Levels) -> str:
    if levels.settled:
        return f"black is {written(levels.black)}, white is {written(levels.white)}"
    return "nothing tells what is black and white"


def _numbers(values: list[float]) -> str:
    return " ".join(f"{value:.4g}" for value in values)
