"""Whether data fit a net: the shape of an image against its input, the classes against its outputs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from netspec.data.classes import keeping, listed
from netspec.data.dataset import Caution, Collection, Dataset, Images, Part
from netspec.data.stored import Changed, Stored
from netspec.diagnostics.failure import DataError
from netspec.ir.data_fit import classes_told_apart, is_laid_out, misfit
from netspec.ir.graph import Graph
from netspec.ir.operations import LossName

Shape = tuple[int, ...]
Arguments = tuple[tuple[str, int | float], ...]
"""The parameters of a net with their values, `(("D", 32),)`."""


def fitted(
    collection: Collection, shape: Shape | None, crop_pad: int | None = None, arguments: Arguments = ()
) -> Collection:
    """The collection, if its images fit the net's input `shape`, (C, H, W) or (F,); else DataError.

    With a `crop` (`crop_pad`, its pad, is then not None) images may be larger than the input. Rows of F numbers are
    laid out as C x H x W where the input is that and holds F numbers. The net's `arguments` serve the help only.
    """
    if shape is None:
        return collection
    channels, height, width = (*shape, 1, 1)[:3]
    found = collection.train.images.shape[1:]
    if is_laid_out(found, shape):
        return _laid_out(collection, (channels, height, width))
    match misfit(found, shape, crop_pad):
        case "channels":
            raise _misfit("E514", found, shape)
        case "size":
            raise _misfit("E513", found, shape, crop_pad, arguments)
        case None:
            return collection


def _laid_out(collection: Collection, shape: tuple[int, int, int]) -> Collection:
    def laid_out(images: Images) -> Images:
        return images.reshape(-1, *shape)

    def part(old: Part) -> Part:
        if isinstance(old.images, Stored):
            return Part(Stored(Changed(old.images.source, laid_out, shape, in_place=True), old.images.rows), old.labels)
        return Part(old.images.reshape(-1, *shape), old.labels)

    return replace(
        collection,
        train=part(collection.train),
        validation=part(collection.validation) if collection.validation else None,
        test=part(collection.test) if collection.test else None,
    )


def _misfit(
    code: str, found: Shape, wanted: Shape, crop_pad: int | None = None, arguments: Arguments = ()
) -> DataError:
    images, takes = _sizes(_flat(found)), _sizes(wanted)
    helps = [*_argument_help(found, wanted, arguments), f"write `input {images}` in the net"]
    if code == "E513" and len(wanted) == 3 and found[1:] != (1, 1):
        helps.append(f"or `resize={wanted[1]}x{wanted[2]}` in the `data` line")
    if (
        code == "E513"
        and crop_pad is None
        and all(have >= want for have, want in zip(found, (*wanted, 1, 1), strict=False))
    ):
        helps.append(f"or `crop {wanted[1]}x{wanted[2]}` in an `augment` block" if len(wanted) == 3 else "")
    if len(wanted) == 1 and math.prod(found) == wanted[0]:
        helps = [f"write `input {images}`: `dense` flattens its input by itself"]
    cropped = "" if crop_pad is None else f", even with a crop of pad {crop_pad}"
    message = f"the images are {images}, the net takes {takes}{cropped}"
    return DataError(code, message, helps=tuple(text for text in helps if text))


def _argument_help(found: Shape, wanted: Shape, arguments: Arguments) -> list[str]:
    """The parameters of the net that probably are the sides of its image, set to what the data have."""
    sides = dict(zip(wanted[1:], found[1:], strict=False))
    fitting = [f"--with {name}={sides[int(value)]}" for name, value in arguments if value in sides]
    return [f"set the net's parameter with `{' '.join(fitting)}`"] if fitting else []


def _flat(shape: Shape) -> Shape:
    return shape[:1] if shape[1:] == (1, 1) else shape


def _sizes(shape: Shape) -> str:
    return "x".join(str(size) for size in shape)


def check_fit(dataset: Dataset, graph: Graph, loss: LossName) -> tuple[str, ...]:
    """Raises DataError (E515) where labels have no output of the net; notices where outputs have no class.

    A net with one output tells two classes apart, except under `squared_error`, which takes any label as its target.
    """
    outputs, classes = math.prod(graph.outputs[0].shape), len(dataset.class_names)
    room = classes_told_apart(outputs, loss)
    if room is None:
        return ()
    if classes > room:
        has = "one output" if outputs == 1 else f"{outputs} outputs"
        raise DataError(
            "E515",
            f"the data have {classes} classes, the net has {has}",
            notes=(f"the last layer is `{graph.layers[-1].name}`, the loss `{loss}`", *_first_label(dataset)),
            helps=_room_helps(dataset, room),
        )
    if classes < room:
        return (f"the net has {room} outputs, the data only {'one class' if classes == 1 else f'{classes} classes'}",)
    return ()


def predicts_a_number(graph: Graph, loss: LossName) -> bool:
    """Whether labels are what the one output should say, and no classes."""
    return math.prod(graph.outputs[0].shape) == 1 and loss == "squared_error"


def _with_images(dataset: Dataset) -> list[int]:
    """The classes that have images, those included that `take` left none."""
    parts = (dataset.train, dataset.validation, dataset.test)
    labels = [part.labels for part in parts if part is not None]
    return np.unique(np.concatenate([*labels, dataset.lost, dataset.lost_test]).astype(int)).tolist()


def _first_label(dataset: Dataset) -> tuple[str, ...]:
    first = _with_images(dataset)[0]
    return (f"the labels begin at {first}, and classes are counted from 0",) if dataset.numbered and first else ()


def _room_helps(dataset: Dataset, room: int) -> tuple[str, ...]:
    """Keeping the classes that have images is proposed first where they suffice, for then no image is left out."""
    there = _with_images(dataset)
    end = f"end the net with {len(dataset.class_names)} outputs"
    if 1 < len(there) <= room:
        return f"keep the classes that have images: `{keeping(dataset.class_names, there)}`", f"or {end}"
    fewer = keeping(dataset.class_names, there[:room])
    return (f"{end}, or keep fewer classes: `{fewer}` leaves the images of the others out",)


def class_cautions(dataset: Dataset, *, targets: bool = False) -> tuple[Caution, ...]:
    """Warnings where classes have no images to learn from, or to be tested on: W501 to W504. With `targets` labels are
    numbers that a net predicts, and no classes."""
    if targets:
        return dataset.cautions
    counts = np.bincount(dataset.train.labels, minlength=len(dataset.class_names))
    empty = sorted({*np.flatnonzero(counts == 0).tolist()} - {*dataset.lost})
    found = [*dataset.cautions, *_taken(dataset)]
    if np.count_nonzero(counts) == 1:
        only = dataset.class_names[int(counts.argmax())]
        message = f"all training images are of one class, `{only}`: there is nothing to tell apart"
        found.append(Caution("W502", message, ("a folder of pictures holds a folder for each class",)))
    elif empty:
        there = np.flatnonzero(counts).tolist()
        kept = keeping(dataset.class_names, there)
        helps = (f"`{kept}`, with a net of {len(there)} outputs, keeps those that have some",)
        what = f"{_classes_called(dataset, empty)} {'has' if len(empty) == 1 else 'have'}"
        found.append(Caution("W501", f"{what} no training image", helps))
    return tuple(found)


def _taken(dataset: Dataset) -> Iterator[Caution]:
    for option, labels, of in (("take", dataset.lost, "training"), ("take_test", dataset.lost_test, "test")):
        if labels:
            message = f"`{option}` leaves no {of} image of {_classes_called(dataset, labels)}"
            yield Caution("W503", message, ("take more images, or keep fewer classes with `classes=`",))


def _classes_called(dataset: Dataset, labels: Sequence[int]) -> str:
    names = listed([dataset.class_names[label] for label in labels])
    return f"the {'class' if len(labels) == 1 else 'classes'} {names}"
