from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.data.layout import PARTS, layout_of
from netspec.data.pictures import picture_options, read_folder
from tests.data.samples import refuses
from tests.data.test_pictures import OPTIONS, folder, picture

SAME = [pair for pair in combinations(PARTS, 2) if PARTS[pair[0]] == PARTS[pair[1]]]


@pytest.mark.parametrize("word", ["train", "training", "Train"])
@pytest.mark.parametrize("beside", ["extra", "unlabelled", "classes"])
def test_what_lies_beside_the_training_part_is_named_and_left_alone(tmp_path: Path, word: str, beside: str):
    for count, part in ((3, word), (2, "test")):
        folder(tmp_path / part, each=count)
    picture(tmp_path / beside / "x.png", 99)
    (tmp_path / "labels.csv").write_text("a,b")
    found = read_folder(tmp_path, None, OPTIONS)
    assert found.class_names == ("cat", "dog")
    assert found.test is not None
    assert (len(found.train), len(found.test)) == (6, 4)
    assert len(found.notices) == 1
    assert all(f"`{name}`" in found.notices[0] for name in (word, "test", beside, "labels.csv"))


@given(st.sets(st.sampled_from(["train", "test", "val", "extra", "notes", "pets"])))
def test_with_a_training_part_only_parts_are_parts(tmp_path_factory: pytest.TempPathFactory, names: set[str]):
    root = tmp_path_factory.mktemp("pictures")
    for name in {*names, "train"}:
        (root / name / "cat").mkdir(parents=True)
    layout = layout_of(root)
    assert {folder.name for folder in layout.parts.values()} == {*names, "train"} & {"train", "test", "val"}
    left = names - {"train", "test", "val"}
    assert [all(f"`{name}`" in notice for name in left) for notice in layout.notices] == [True] * bool(left)


@pytest.mark.parametrize(("one", "other"), SAME)
def test_two_folders_of_one_part_are_refused_and_both_named(tmp_path: Path, one: str, other: str):
    for name in {one, other, "train" if PARTS[one] != "train" else "test"}:
        folder(tmp_path / name)
    message = refuses("E553", lambda: read_folder(tmp_path, None, OPTIONS)).message
    assert f"`{tmp_path / one}`" in message
    assert f"`{tmp_path / other}`" in message


def test_a_class_named_train_beside_other_classes_holds_no_folders(tmp_path: Path):
    folder(tmp_path, ("train", "bus"))
    assert layout_of(tmp_path).parts == {"train": tmp_path}
    assert layout_of(tmp_path).notices == (f"`{tmp_path / 'train'}` is read as a class: it holds no folders",)
    folder(tmp_path / "train")
    assert layout_of(tmp_path).parts == {"train": tmp_path / "train"}


@pytest.mark.parametrize("beside", [(), ("cat", "dog"), ("val",)])
def test_a_part_without_a_training_part_is_refused(tmp_path: Path, beside: tuple[str, ...]):
    folder(tmp_path / "test")
    for name in beside:
        folder(tmp_path / name)
    error = refuses("E554", lambda: read_folder(tmp_path, None, OPTIONS))
    assert f"`{tmp_path / 'test'}`" in error.message
    assert f"`{tmp_path / 'train'}`" in error.helps[0]


@pytest.mark.parametrize("name", sorted(set(PARTS) - {"train", "training"}))
@pytest.mark.parametrize("nested", [True, False])
def test_a_class_that_is_named_like_a_part_is_told_of(tmp_path: Path, name: str, nested: bool):
    folder(tmp_path, (name, "forged"))
    if nested:
        picture(tmp_path / name / "2020" / "x.png", 5)
    found = read_folder(tmp_path, None, OPTIONS)
    assert found.class_names == tuple(sorted((name, "forged")))
    assert len(found.train) == 6 + nested
    said = f"`{tmp_path / name}` is read as a class: there is no training part beside it"
    assert found.notices == (said,)


@pytest.mark.parametrize("part", ["test", "val"])
def test_pictures_without_labels_leave_their_part_out_with_a_note(tmp_path: Path, part: str):
    folder(tmp_path / "train")
    for k in range(3):
        picture(tmp_path / part / f"{k}.png", 9)
    (tmp_path / part / ".ipynb_checkpoints").mkdir()
    for held_bytes in (0, 1 << 30):
        found = read_folder(tmp_path, None, picture_options((3, 4, 4), None, False, held_bytes))
        assert len(found.train) == 6
        assert (found.test, found.validation) == (None, None)
        assert len(found.notices) == 1
        assert f"`{tmp_path / part}` holds 3 files in no class folder" in found.notices[0]
    error = refuses("E512", lambda: read_folder(tmp_path, None, picture_options((3, 4, 4), None, True)))
    assert f"`{tmp_path / part / '0.png'}`" in error.message


def test_an_empty_test_folder_is_told_of(tmp_path: Path):
    folder(tmp_path / "train")
    (tmp_path / "test").mkdir()
    found = read_folder(tmp_path, None, picture_options((3, 4, 4), None, True))
    assert found.test is None
    assert found.notices == (f"`{tmp_path / 'test'}` is empty: there is no test part",)


def test_pictures_without_labels_that_are_asked_for_as_the_test_part_are_refused(tmp_path: Path):
    picture(tmp_path / "new" / "x.png")
    error = refuses("E511", lambda: read_folder(folder(tmp_path / "a"), tmp_path / "new", OPTIONS))
    assert "a folder with its name" in error.helps[0]


def test_another_test_folder_takes_the_place_of_the_one_beside(tmp_path: Path):
    for name in ("train", "test"):
        folder(tmp_path / "a" / name)
    other = folder(tmp_path / "b", each=1)
    found = read_folder(tmp_path / "a", other, OPTIONS)
    assert found.test is not None
    assert len(found.test) == 2
    assert found.notices == (f"`{tmp_path / 'a' / 'test'}` is left alone: `{other}` is the test part",)
    assert read_folder(tmp_path / "a", tmp_path / "a" / "test", OPTIONS).notices == ()
