"""A file that is lost is told once, whichever part it belongs to."""

from dataclasses import replace
from typing import Any

import numpy as np

from netspec.data.dataset import Part
from netspec.data.stored import Stored
from netspec.train.step.lost import LostFiles
from tests.train.test_loop import DIGITS, data_of, experiment_of


class Files:
    """Images in files, some of them lost."""

    shape, dtype, array = (9, 1, 8, 8), np.dtype(np.uint8), None

    def __init__(self) -> None:
        self.gone: dict[str, str] = {}

    def lost(self) -> dict[str, str]:
        return self.gone


def test_files_are_told_once_in_order_of_their_paths() -> None:
    files, others = Files(), Files()
    parts: list[Any] = [Part(Stored(one, np.arange(9)), np.zeros(9, np.int32)) for one in (files, others)]  # pyright: ignore[reportArgumentType]
    lost = LostFiles(replace(data_of(experiment_of(DIGITS)), train=parts[0], test=parts[1]))
    assert lost.new() == ()
    files.gone["b"], others.gone["a"] = "broken", "gone"
    assert lost.new() == (("a", "gone"), ("b", "broken"))
    files.gone["c"] = "broken"
    assert lost.new() == (("c", "broken"),)
    assert lost.new() == ()


def test_images_in_memory_are_never_lost() -> None:
    assert LostFiles(data_of(experiment_of(DIGITS))).new() == ()
