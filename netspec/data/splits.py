"""Which images train and which validate: a part taken, a part held out."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import numpy as np
from numpy.typing import NDArray

from netspec.data.dataset import Labels, Part
from netspec.data.order import Purpose, permutation
from netspec.diagnostics.failure import DataError

TRAIN_STREAM, TEST_STREAM = 0, 1


def take(part: Part, count: int | None, seed: int) -> Part:
    """The first `count` images of the training part in the seeded order."""
    if count is None:
        return part
    if not 1 <= count <= len(part):
        raise DataError("E517", f"`take={count}`: the training part holds {len(part):,} images")
    return part.pick(permutation(seed, Purpose.TAKE, len(part), stream=TRAIN_STREAM)[:count])


def take_test(part: Part | None, count: int | None, seed: int) -> Part | None:
    """The first `count` images of the test part in a seeded order of its own."""
    if count is None:
        return part
    if part is None:
        raise DataError("E549", f"`take_test={count}`: the data have no test part", helps=("leave `take_test` out",))
    if not 1 <= count <= len(part):
        raise DataError("E517", f"`take_test={count}`: the test part holds {len(part):,} images")
    return part.pick(permutation(seed, Purpose.TAKE, len(part), stream=TEST_STREAM)[:count])


def lost(before: Part | None, after: Part | None) -> tuple[int, ...]:
    """The labels of which images were there before, and none is after."""
    if before is None or after is None or before is after:
        return ()
    return tuple(np.setdiff1d(before.labels, after.labels).tolist())


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
