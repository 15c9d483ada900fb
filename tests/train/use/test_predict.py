"""Pictures become what the net was trained on."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from netspec.data.levels import Levels
from netspec.diagnostics.failure import DataError
from netspec.train.step.preparation import Preparation
from netspec.train.use.predict import class_name, read_pictures

GREY = Preparation((1, 8, 6), (0.0,), (1.0,), Levels(), ("null", "eins"))


def picture(path: Path, size: tuple[int, int] = (6, 8), colour: int = 200) -> Path:
    """Writes a grey picture of (width, height)."""
    Image.new("L", size, colour).save(path)
    return path


def test_a_picture_of_the_right_size_passes_as_it_is(tmp_path: Path) -> None:
    images, notices = read_pictures([picture(tmp_path / "a.png")], GREY)
    assert images.shape == (1, 1, 8, 6)
    assert images.dtype == np.uint8
    assert (images == 200).all()
    assert notices == ()


def test_a_picture_of_another_size_is_resized_and_that_is_said(tmp_path: Path) -> None:
    paths = [picture(tmp_path / "a.png"), picture(tmp_path / "b.png", (60, 40), 90)]
    images, (notice,) = read_pictures(paths, GREY)
    assert images.shape == (2, 1, 8, 6)
    assert (images[1] == 90).all()
    assert notice == f"`{paths[1]}` is 40x60, resized to 8x6"


def test_colours_follow_the_channels_of_the_net(tmp_path: Path) -> None:
    Image.new("RGB", (6, 8), (10, 20, 30)).save(tmp_path / "c.png")
    colour = Preparation((3, 8, 6), (0.0,) * 3, (1.0,) * 3)
    images, _ = read_pictures([tmp_path / "c.png"], colour)
    assert [int(plane.max()) for plane in images[0]] == [10, 20, 30]
    grey, _ = read_pictures([tmp_path / "c.png"], GREY)
    assert int(grey.max()) == round(0.299 * 10 + 0.587 * 20 + 0.114 * 30)


def test_bytes_are_brought_to_the_range_of_the_data_set(tmp_path: Path) -> None:
    images, _ = read_pictures(
        [picture(tmp_path / "a.png", colour=255)], replace(GREY, levels=Levels(white=16.0, kind="made"))
    )
    assert images.dtype == np.float32
    assert (images == 16).all()


def test_a_file_that_is_no_picture_is_a_data_error(tmp_path: Path) -> None:
    (tmp_path / "fake.png").write_bytes(b"GIF89a nothing")
    for path in (tmp_path / "fake.png", tmp_path / "none.png", tmp_path):
        with pytest.raises(DataError, match=str(path)):
            read_pictures([path], GREY)


def test_a_class_without_a_name_goes_by_its_number() -> None:
    assert [class_name(GREY, k) for k in range(3)] == ["null", "eins", "2"]
