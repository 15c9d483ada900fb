import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from netspec.data.pictures import picture_options, read_folder
from tests.data.samples import refuses

OPTIONS = picture_options((3, 4, 4), None, False)


def picture(path: Path, shade: int = 0, size: tuple[int, int] = (4, 4)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (size[1], size[0]), (shade, shade, shade)).save(path)


def folder(root: Path, names: tuple[str, ...] = ("cat", "dog"), each: int = 3) -> Path:
    for label, name in enumerate(names):
        for k in range(each):
            picture(root / name / f"{k}.png", shade=10 * label + k)
    return root


def test_a_folder_a_class_gives_the_classes_in_order(tmp_path: Path):
    found = read_folder(folder(tmp_path), None, OPTIONS)
    assert found.class_names == ("cat", "dog")
    assert found.train.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert found.train.images[:, 0, 0, 0].tolist() == [0, 1, 2, 10, 11, 12]
    assert found.train.images.shape == (6, 3, 4, 4)
    assert (found.validation, found.test, found.notices) == (None, None, ())


def test_folders_named_by_numbers_are_in_order_of_their_values(tmp_path: Path):
    assert read_folder(folder(tmp_path, ("10", "9", "1")), None, OPTIONS).class_names == ("1", "9", "10")


def test_pictures_in_folders_within_a_class_count(tmp_path: Path):
    picture(folder(tmp_path) / "cat" / "more" / "x.png", 7)
    assert len(read_folder(tmp_path, None, OPTIONS).train) == 7


@pytest.mark.parametrize("words", [("train", "test", "val"), ("Training", "testing", "validation")])
def test_train_and_test_folders_are_parts(tmp_path: Path, words: tuple[str, ...]):
    for count, word in enumerate(words, 1):
        folder(tmp_path / word, each=count)
    found = read_folder(tmp_path, None, OPTIONS)
    assert found.class_names == ("cat", "dog")
    assert found.test is not None
    assert found.validation is not None
    assert (len(found.train), len(found.test), len(found.validation)) == (2, 4, 6)


def test_a_test_folder_may_lie_elsewhere(tmp_path: Path):
    found = read_folder(folder(tmp_path / "a"), folder(tmp_path / "b", ("dog",)), OPTIONS)
    assert found.test is not None
    assert found.test.labels.tolist() == [1, 1, 1]


def test_a_class_of_the_test_part_must_be_known(tmp_path: Path):
    message = refuses(
        "E511", lambda: read_folder(folder(tmp_path / "a"), folder(tmp_path / "b", ("hen",)), OPTIONS)
    ).message
    assert "`hen`" in message


def test_a_class_named_train_beside_others_is_a_class(tmp_path: Path):
    assert read_folder(folder(tmp_path, ("train", "bus")), None, OPTIONS).class_names == ("bus", "train")


def test_broken_and_foreign_files_are_skipped_and_named(tmp_path: Path):
    folder(tmp_path)
    (tmp_path / "cat" / "notes.png").write_text("not a picture")
    (tmp_path / "dog" / "list.csv").write_text("a,b")
    (tmp_path / "README").write_text("hello")
    found = read_folder(tmp_path, None, OPTIONS)
    assert len(found.train) == 6
    assert len(found.notices) == 1
    assert found.notices[0].startswith("3 files skipped: ")
    assert all(name in found.notices[0] for name in ("notes.png", "list.csv", "README"))


def test_many_skipped_files_are_counted_and_a_few_named(tmp_path: Path):
    folder(tmp_path)
    for k in range(9):
        (tmp_path / "cat" / f"bad{k}.png").write_text("no")
    assert read_folder(tmp_path, None, OPTIONS).notices[0].endswith("and 4 more")


def test_strict_makes_a_skipped_file_an_error(tmp_path: Path):
    (folder(tmp_path) / "cat" / "notes.png").write_text("not a picture")
    error = refuses("E512", lambda: read_folder(tmp_path, None, picture_options((3, 4, 4), None, True)))
    assert "notes.png" in error.message


def test_files_of_the_system_are_ignored_even_when_strict(tmp_path: Path):
    folder(tmp_path)
    for name in (".DS_Store", "Thumbs.db", "desktop.ini"):
        (tmp_path / "cat" / name).write_text("x")
    (tmp_path / ".git").mkdir()
    found = read_folder(tmp_path, None, picture_options((3, 4, 4), None, True))
    assert found.class_names == ("cat", "dog")
    assert found.notices == ()


def test_the_first_odd_size_is_named_with_the_repair(tmp_path: Path):
    picture(folder(tmp_path) / "cat" / "1.png", size=(4, 6))
    picture(tmp_path / "dog" / "0.png", size=(9, 9))
    error = refuses("E510", lambda: read_folder(tmp_path, None, OPTIONS))
    assert "cat/1.png` is 4x6" in error.message
    assert "`resize=4x4`" in error.helps[0]


def test_resize_brings_all_to_one_size(tmp_path: Path):
    picture(folder(tmp_path) / "cat" / "1.png", size=(4, 6))
    assert read_folder(tmp_path, None, picture_options((3, 8, 8), (8, 8), False)).train.images.shape == (6, 3, 8, 8)


@pytest.mark.parametrize(("shape", "channels"), [((1, 4, 4), 1), ((3, 4, 4), 3), ((4, 4, 4), 4), (None, 3), ((16,), 3)])
def test_colours_are_what_the_net_takes(tmp_path: Path, shape: tuple[int, ...] | None, channels: int):
    assert read_folder(folder(tmp_path), None, picture_options(shape, None, False)).train.images.shape[1] == channels


def test_a_folder_without_classes_is_refused(tmp_path: Path):
    picture(tmp_path / "a.png")
    assert "no folders" in refuses("E511", lambda: read_folder(tmp_path, None, OPTIONS)).message
    refuses("E502", lambda: read_folder(tmp_path / "none", None, OPTIONS))
    refuses("E502", lambda: read_folder(tmp_path / "a.png", None, OPTIONS))


def test_classes_without_any_picture_are_refused(tmp_path: Path):
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "a.png").write_text("no")
    (tmp_path / "cat" / "b.png").write_text("no")
    error = refuses("E511", lambda: read_folder(tmp_path, None, OPTIONS))
    assert "2 files" in error.notes[0]


def test_a_class_that_may_not_be_read_is_no_empty_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder(tmp_path)
    scandir = os.scandir

    def forbidden(place: str) -> Iterator[os.DirEntry[str]]:
        if Path(place).name == "dog":
            raise PermissionError(13, "Permission denied", str(place))
        return scandir(place)

    monkeypatch.setattr(os, "scandir", forbidden)
    said = refuses("E502", lambda: read_folder(tmp_path, None, OPTIONS)).message
    assert said == f"`{tmp_path / 'dog'}` may not be read"


def test_a_picture_that_may_not_be_read_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder(tmp_path)
    opens = Image.open

    def forbidden(path: Path, **options: object) -> Image.Image:
        if path.name == "1.png":
            raise PermissionError(13, "Permission denied", str(path))
        return opens(path, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Image, "open", forbidden)
    assert "(it may not be read)" in read_folder(tmp_path, None, OPTIONS).notices[0]


def test_the_order_does_not_depend_on_the_threads(tmp_path: Path):
    for k in range(60):
        picture(tmp_path / "cat" / f"{k:03}.png", k, (60 if k % 2 else 30, 30))
    found = read_folder(tmp_path, None, picture_options((1, 3, 3), (3, 3), False))
    np.testing.assert_array_equal(found.train.images[:, 0, 0, 0], np.arange(60))
