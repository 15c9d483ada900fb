"""Which arrays of a `.npz` file are the images and the labels of which part, by their names.

Names that are understood: `images` and `labels`, `x` and `y` (also `X`), `data` and `target`, or `arr_0` and `arr_1`,
each alone or with a part before or after it: `x_train`, `train_images`, `test_labels`, `y_val`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from netspec.data.layout import PARTS
from netspec.diagnostics.failure import DataError

PAIRS = (("images", "labels"), ("x", "y"), ("X", "y"), ("data", "target"), ("arr_0", "arr_1"))
Pair = tuple[str, str]
"""The names of images and of their labels."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The arrays of each part; `others` are images and labels without a part, left alone beside those of a part."""

    train: Pair | None
    validation: Pair | None
    test: Pair | None
    others: Pair | None = None


def parts_of(names: Collection[str], origin: object) -> Parts:
    """The parts among the arrays of `origin`. Raises DataError (E553) where two arrays are the same part's images, or
    its labels."""
    train, validation, test = (_pair(names, part, origin) for part in ("train", "validation", "test"))
    bare = _pair(names, "", origin)
    return Parts(train or bare, validation, test, bare if train else None)


def _pair(names: Collection[str], part: str, origin: object) -> Pair | None:
    """The one pair of a part; "" is that without a part."""
    words = [word for word, meant in PARTS.items() if meant == part]
    whole: list[Pair] = []
    for pair in PAIRS:
        images, labels = ([name for name in _spelt(bare, words) if name in names] for bare in pair)
        if images and labels:
            _require_one(images, "images", part, origin)
            _require_one(labels, "labels", part, origin)
            whole.append((images[0], labels[0]))
    for k, what in enumerate(("images", "labels")):
        _require_one(list(dict.fromkeys(pair[k] for pair in whole)), what, part, origin)
    return whole[0] if whole else None


def _spelt(name: str, words: list[str]) -> list[str]:
    """How an array of a part may be called."""
    return [each for word in words for each in (f"{name}_{word}", f"{word}_{name}")] if words else [name]


def _require_one(found: list[str], what: str, part: str, origin: object) -> None:
    if len(found) > 1:
        of_part = {"": "", "train": " of the training part"}.get(part, f" of the {part} part")
        raise DataError(
            "E553",
            f"`{origin}:{found[0]}` and `{origin}:{found[1]}` are both the {what}{of_part}",
            helps=("save the file again with one of them, or put them together",),
        )
