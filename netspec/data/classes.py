"""Which classes are meant: those that a spec keeps, by number or name, and those that a trained net knows, by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from netspec.data.arrays import MOST_CLASSES
from netspec.data.dataset import Caution, Collection, Dataset, Part
from netspec.diagnostics.failure import DataError
from netspec.ir.classes import Classes, numbers_of, values_of

NAMED_AT_MOST = 20


@dataclass(frozen=True, slots=True)
class Known:
    """Classes as a trained net knows them: `names` in the order of its outputs, and `kept`, what `classes` was in its
    training. With `targets` the net predicts a number: labels without names are what it should say. With `further` the
    net is to be trained: data none of whose classes it knows are another task.
    """

    names: tuple[str, ...]
    kept: Classes = ()
    targets: bool = False
    further: bool = False


def keep_classes(collection: Collection, classes: Classes) -> Collection:
    """Keeps the images of these classes in every part; the first one named becomes class 0, and so on."""
    if not classes:
        return collection
    found = _numbers(collection.class_names, classes)
    kept = _renumbered(collection, {number: place for place, number in enumerate(found)})
    names = tuple(collection.class_names[number] for number in found)
    return replace(_described(kept, names), class_names=names)


def _numbers(names: tuple[str, ...], classes: Classes) -> list[int]:
    """Which of the classes called `names` each of `classes` is. Raises DataError (E516)."""
    numbers = numbers_of(names, classes)
    found = [number for number in numbers if number is not None]
    if len(found) < len(numbers) or len(set(found)) < len(found):
        raise _not_there(names, classes, numbers)
    return found


def _not_there(names: tuple[str, ...], classes: Classes, numbers: list[int | None]) -> DataError:
    wrong = [one for one, number in zip(classes, numbers, strict=True) if number is None]
    reason = f"there is no class {_word(wrong[0])}" if wrong else "a class is named twice"
    if wrong and names.count(str(wrong[0])) > 1:
        reason = f"there are several classes {_word(wrong[0])}"
    return DataError("E516", f"`classes`: {reason}", notes=(f"the classes are {_span(names)}",))


def _word(one: int | str) -> str:
    return str(one) if isinstance(one, int) else f"`{one}`"


def _span(names: tuple[str, ...]) -> str:
    """`0 to 9`; "`cat` and `dog`, or 0 to 1" where they have names."""
    values = values_of(names)
    if values is None:
        return f"{listed(names)}, or 0 to {len(names) - 1}"
    if values == list(range(values[0], values[0] + len(values))):
        return f"{values[0]} to {values[-1]}"
    return listed(names)


def listed(names: Sequence[str]) -> str:
    """`cat`, `dog` and `emu`; the last of many are counted."""
    quoted = [f"`{name}`" for name in names[:NAMED_AT_MOST]]
    if len(names) > NAMED_AT_MOST:
        quoted.append(f"{len(names) - NAMED_AT_MOST:,} more")
    return " and ".join(", ".join(quoted).rsplit(", ", 1))


def keeping(names: Sequence[str], labels: Sequence[int]) -> str:
    """What keeps the classes of these labels: `classes=1..26`, `classes=(cat "ankle boot")`; `classes=(…)` where that
    is long or cannot be written."""
    values = values_of(names)
    if values and (len(set(values)) < len(values) or max(values) >= MOST_CLASSES):
        values = None
    words = _runs([values[label] for label in labels]) if values else [_as_word(names[label]) for label in labels]
    text = " ".join(words) if len(words) <= NAMED_AT_MOST and all(words) else "…"
    return f"classes={text}" if len(words) == 1 and values else f"classes=({text})"


def _as_word(name: str) -> str:
    """A name as a spec has it, empty where it cannot."""
    if '"' in name or not name.isprintable():
        return ""
    return name if name.isascii() and name.isidentifier() else f'"{name}"'


def _runs(numbers: Sequence[int]) -> list[str]:
    """Numbers as ranges and by themselves: `0`, `4..9`."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    words = [[f"{run[0]}..{run[-1]}"] if len(run) > 2 else list(map(str, run)) for run in runs]
    return [word for some in words for word in some]


def present(collection: Collection) -> list[int]:
    """The classes of which there are images, in rising order."""
    return np.flatnonzero(sum(_counts(part, len(collection.class_names)) for part in collection.parts)).tolist()


def _counts(part: Part, classes: int) -> NDArray[np.int64]:
    return np.bincount(part.labels, minlength=classes)


def _renumbered(collection: Collection, places: dict[int, int]) -> Collection:
    """Every label replaced by its place; images whose label has none are left out. Raises DataError (E516) where none
    is left to train on."""
    largest = max((int(part.labels.max(initial=0)) for part in collection.parts), default=0)
    table = np.full(max(largest, *places, 0) + 1, -1, np.int32)
    table[list(places)] = list(places.values())
    train = _with_labels(collection.train, table)
    if not len(train):
        names = [collection.class_names[number] for number in places]
        raise DataError("E516", f"no image of the training part is of the classes {listed(names)}")
    return replace(
        collection,
        train=train,
        validation=_with_labels(collection.validation, table) if collection.validation else None,
        test=_with_labels(collection.test, table) if collection.test else None,
    )


def _with_labels(part: Part, table: NDArray[np.int32]) -> Part:
    labels = table[part.labels]
    kept = np.flatnonzero(labels >= 0)
    return Part(part.images, labels) if len(kept) == len(part) else Part(part.pick(kept).images, labels[kept])


def _described(collection: Collection, names: tuple[str, ...]) -> Collection:
    """With a description that says which classes are kept of those that there were."""
    return replace(collection, description=_with_classes(collection.description, names), all_classes="")


def _with_classes(description: str, names: tuple[str, ...]) -> str:
    noun = "the class" if len(names) == 1 else "the classes"
    return f"{description}, of them {f'{noun} {listed(names)}' if len(names) <= 5 else f'{len(names)} classes'}"


def chosen(collection: Collection, classes: Classes, known: Known | None) -> Collection:
    """The classes that a spec keeps, numbered as a trained net knows them where there is one.

    Classes are matched by name, those of files that hold numbers only by number. Where `classes` is what it was in the
    net's training, those that the net knows are kept, wherever they stand here. Raises DataError: E516 where a class
    to keep is not there, E548 where one with images is not known.
    """
    if known is None:
        return keep_classes(collection, classes)
    again = bool(classes) and classes == known.kept
    if again and not collection.numbered and not known.further:
        return _by_name(_described(collection, known.names), known, only=True)
    kept = keep_classes(collection, classes)
    if kept.class_names == known.names or (kept.numbered and known.targets):
        return kept
    if again and kept.numbered and len(kept.class_names) == len(known.names):
        return replace(kept, class_names=known.names)
    return _by_name(kept, known, only=False)


def _by_name(collection: Collection, known: Known, *, only: bool) -> Collection:
    """Numbered as `known`; with `only` images of other classes are left out."""
    if collection.class_names == known.names:
        return collection
    found = _known_numbers(collection, known)
    there = present(collection)
    places = {label: place for label in there if (place := found[label]) is not None}
    if len(places) < len(there) and not (only and places):
        if known.further and not places:
            return replace(collection, cautions=(*collection.cautions, _another_task(collection, known)))
        raise _unknown(collection, known, [label for label in there if label not in places])
    return replace(_renumbered(collection, places), class_names=known.names)


def measured_on(dataset: Dataset, names: tuple[str, ...], classes: Classes) -> Dataset:
    """Only images of these classes are left to measure a net on; they keep their numbers. `names` are those that the
    classes had before any was chosen.

    Raises DataError (E516) where there is no such class, the net has not learnt it, or no image is left.
    """
    if not classes:
        return dataset
    found = _numbers(names, classes)
    called = [names[number] for number in found]
    labels = numbers_of(dataset.class_names, tuple(called))
    strange = [name for name, label in zip(called, labels, strict=True) if label is None]
    if strange:
        notes = (f"the net knows {listed(dataset.class_names)}",)
        raise DataError("E516", f"`classes`: the net has not learnt {listed(strange)}", notes=notes)
    wanted = [label for label in labels if label is not None]
    validation, test = (_of_labels(part, wanted) for part in (dataset.validation, dataset.test))
    if not (test if dataset.test is not None else validation or dataset.validation is None):
        part = "test" if dataset.test is not None else "validation"
        raise DataError("E516", f"no image of the {part} part is of the classes {listed(called)}")
    return replace(
        dataset, validation=validation, test=test, description=_with_classes(dataset.description, tuple(called))
    )


def _of_labels(part: Part | None, labels: Sequence[int]) -> Part | None:
    """The images with these labels; None where there are none."""
    rows = np.flatnonzero(np.isin(part.labels, labels)) if part is not None else ()
    return part.pick(np.asarray(rows)) if part is not None and len(rows) else None


def as_named(part: Part, names: tuple[str, ...], training: tuple[str, ...], origin: Path) -> Part:
    """A part whose classes are called `names`, numbered like those of the training part. Raises DataError (E511)."""
    found = numbers_of(training, names)
    there: list[int] = np.unique(part.labels).tolist()
    strange = next((names[label] for label in there if found[label] is None), None)
    if strange is not None:
        raise DataError("E511", f"`{origin}` has a class `{strange}`, the training part has none of that name")
    table = np.array([-1 if number is None else number for number in found], np.int32)
    return Part(part.images, table[part.labels])


def _known_numbers(collection: Collection, known: Known) -> list[int | None]:
    """The number that the net has for each class, None for one that it does not know."""
    if collection.numbered:
        return numbers_of(known.names, tuple(int(name) for name in collection.class_names))
    return numbers_of(known.names, collection.class_names)


def _unknown(collection: Collection, known: Known, labels: list[int]) -> DataError:
    names = [collection.class_names[label] for label in labels]
    noun = "class" if len(names) == 1 else "classes"
    helps = ["call the classes as the net does", "or take their images away"]
    if known.further:
        helps.append("weights copied out of their run's folder bring no names along")
    return DataError(
        "E548",
        f"the net does not know the {noun} {listed(names)} of {collection.description}",
        notes=(
            f"the net knows {listed(known.names)}",
            f"the data have {listed([collection.class_names[label] for label in present(collection)])}",
        ),
        helps=tuple(helps),
    )


def _another_task(collection: Collection, known: Known) -> Caution:
    message = (
        f"the weights know none of the classes of the data: they tell {listed(known.names)} apart, the data have "
        f"{listed(collection.class_names)}"
    )
    return Caution("W504", message, ("this trains the net for another task; rename the classes where it is the same",))
