"""Data files that can no longer be read during a training."""

from __future__ import annotations

from netspec.data.dataset import Dataset
from netspec.data.stored import Stored


class LostFiles:
    """Lost files of all parts of a data set, each reported once."""

    def __init__(self, dataset: Dataset) -> None:
        parts = (dataset.train, dataset.validation, dataset.test)
        self._stored = [part.images for part in parts if part is not None and isinstance(part.images, Stored)]
        self._told: set[str] = set()

    def new(self) -> tuple[tuple[str, str], ...]:
        """(path, reason) of each file that could not be read and is not reported yet."""
        found = {path: why for images in self._stored for path, why in images.source.lost().items()}
        new = tuple((path, why) for path, why in sorted(found.items()) if path not in self._told)
        self._told.update(found)
        return new
