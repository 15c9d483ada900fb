"""Picture files as inputs of a trained net, and names of classes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from netspec.data.dataset import Images
from netspec.predict import shown
from netspec.train.step.preparation import Preparation


def read_pictures(paths: Sequence[Path], preparation: Preparation) -> tuple[Images, tuple[str, ...]]:
    """Picture files as images (N, C, H, W) in the units of the data set, and notices; see `shown.read_pictures`."""
    return shown.read_pictures(paths, preparation.shape, preparation.levels)


def class_name(preparation: Preparation, number: int) -> str:
    """The name of a class in the data set, or its number."""
    return preparation.class_names[number] if number < len(preparation.class_names) else str(number)
