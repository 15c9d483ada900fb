"""Files of the data that cannot be read while a training is under way."""

from __future__ import annotations

from netspec.data.dataset import Dataset
from netspec.data.stored import Stored


class LostFiles:
    """Files of all parts of a data set, each told once."""

    def __init__(self, dataset: Dataset) -> None:
        parts = (dataset.train, dataset.validation, dataset.test)
        self._stored = [part.images for part in parts if part is not None and isinstance(part.images, Stored)]
        self._told: set[str] = set()

    def new(self) -> tuple[tuple[str, str], ...]:
        """Those that could not be read and have not been told yet, with the reasons."""
        found = {path: why for images in self._stored for path, why in images.source.lost().items()}
        new = tuple((path, why) for path, why in sorted(found.items()) if path not in self._told)
        self._told.update(found)
        return new
