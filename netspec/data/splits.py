"""Which images train and which validate: classes kept, a part taken, a part held out."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import floor

import numpy as np
from numpy.typing import NDArray

from netspec.data.dataset import Collection, Labels, Part
from netspec.data.order import Purpose, permutation
from netspec.diagnostics.failure import DataError


def keep_classes(collection: Collection, classes: tuple[int, ...]) -> Collection:
    """Keeps the images of these classes in every part; the first one named becomes class 0, and so on."""
    if not classes:
        return collection
    known = len(collection.class_names)
    wrong = next((k for k in classes if not 0 <= k < known), None)
    if wrong is not None or len(set(classes)) != len(classes):
        reason = f"there is no class {wrong}" if wrong is not None else "a class is named twice"
        raise DataError("E516", f"`classes`: {reason}", notes=(f"the classes are 0 to {known - 1}",))
    train = _keep(collection.train, classes)
    if not len(train):
        raise DataError("E516", f"no image of the training part is of the classes {' '.join(map(str, classes))}")
    return replace(
        collection,
        train=train,
        validation=_keep(collection.validation, classes) if collection.validation else None,
        test=_keep(collection.test, classes) if collection.test else None,
        class_names=tuple(collection.class_names[k] for k in classes),
    )


def _keep(part: Part, classes: tuple[int, ...]) -> Part:
    renumbered = np.full(max(max(classes), int(part.labels.max(initial=0))) + 1, -1, np.int32)
    renumbered[list(classes)] = np.arange(len(classes), dtype=np.int32)
    labels = renumbered[part.labels]
    kept = np.flatnonzero(labels >= 0)
    return Part(part.pick(kept).images, labels[kept])


def take(part: Part, count: int | None, seed: int) -> Part:
    """The first `count` images of the seeded order."""
    if count is None:
        return part
    if not 1 <= count <= len(part):
        raise DataError("E517", f"`take={count}`: the training part holds {len(part):,} images")
    return part.pick(permutation(seed, Purpose.TAKE, len(part))[:count])


def hold_out(part: Part, fraction: float, seed: int) -> tuple[Part, Part | None]:
    """The training part without, and the validation part with, round(fraction * N) images.

    Stratified: every class gives its share to within one image, and keeps at least one for training. The seed draws
    which of several classes with an equal claim gives one more. Which images of a class are held out depends on the
    seed, the class and the number of its images alone. Both parts stay in the order of the file.
    """
    if fraction == 0:
        return part, None
    held = _held_out(part.labels, fraction, seed)
    if not len(held):
        raise DataError(
            "E518", f"`validate={fraction:g}` of {len(part):,} images holds out none", helps=("hold out a larger part",)
        )
    kept = np.delete(np.arange(len(part)), held)
    return part.pick(kept), part.pick(held)


def _held_out(labels: Labels, fraction: float, seed: int) -> NDArray[np.int64]:
    classes, sizes = np.unique(labels, return_counts=True)
    quotas = _apportion(sizes, fraction, permutation(seed, Purpose.TIES, len(sizes)))
    chosen = [
        np.flatnonzero(labels == label)[permutation(seed, Purpose.VALIDATE, int(size), stream=int(label))[:quota]]
        for label, size, quota in zip(classes, sizes, quotas, strict=True)
    ]
    return np.sort(np.concatenate(chosen))


def _apportion(sizes: NDArray[np.int64], fraction: float, turns: NDArray[np.int64]) -> NDArray[np.int64]:
    """Shares of round(fraction * sum) by the largest remainder, each at least one below its class's size.

    Of equal remainders the one whose class has the lowest of `turns` comes first. Remainders are exact, in the decimal
    fraction as it is written: rounding would else rank 0.1 of 2 images and 0.1 of 12.
    """
    share = Fraction(repr(float(fraction)))
    exact = [int(size) * share for size in sizes]
    shares = np.minimum([floor(some) for some in exact], sizes - 1)
    missing = round(float(sizes.sum()) * fraction) - int(shares.sum())
    left_over = [some - int(given) for some, given in zip(exact, shares, strict=True)]
    for place in sorted(range(len(sizes)), key=lambda k: (-left_over[k], turns[k]))[: max(missing, 0)]:
        shares[place] = min(shares[place] + 1, sizes[place] - 1)
    return shares
