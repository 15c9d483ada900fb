"""How many images a data set holds, as far as that is known without reading it."""

from __future__ import annotations

from netspec.ir.classes import numbers_of
from netspec.ir.known_data import known
from netspec.ir.recipe import DataOptions


def training_images(options: DataOptions) -> int | None:
    """Images of the training part; None for files, which would have to be read."""
    found = known(options, None)
    if found is None:
        return None
    numbers = numbers_of(found.names, options.classes) if options.classes else range(len(found.names))
    kept = sum(found.counts[number] for number in numbers if number is not None)
    taken = min(kept, options.take or kept)
    return taken - round(options.validate * taken)
