import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from netspec.check.vocabulary.recipe import GENERATED_SETS
from netspec.check.vocabulary.tables import DATA
from netspec.data.classes import Known, listed
from netspec.data.load import built_in_names, load
from netspec.diagnostics.text import Source, Span
from netspec.frontend import check_experiment
from netspec.ir.recipe import DataOptions
from tests.data.samples import datasets, labels, pixels, refuses, write_greys, write_idx, write_mnist


def test_digits_are_there_without_any_file():
    digits = load(DataOptions("digits", validate=0.2), shape=(1, 8, 8))
    assert digits.validation is not None
    assert (len(digits.train), len(digits.validation)) == (1438, 359)
    assert digits.levels.white == 16
    assert digits.class_names == tuple("0123456789")


def test_statistics_are_of_the_training_part_without_what_is_held_out():
    digits = load(DataOptions("digits", validate=0.2))
    assert digits.mean[0] == np.float32(digits.train.images.mean())
    assert digits.deviation[0] == pytest.approx(digits.train.images.std(), rel=1e-6)


def test_the_same_seed_gives_the_same_parts_in_the_same_order():
    options = DataOptions("digits", validate=0.2, take=500)
    one, again, other = (load(options, seed=seed) for seed in (1, 1, 2))
    assert (one.train.images == again.train.images).all()
    assert (one.train.images != other.train.images).any()
    assert one.train.labels[:8].tolist() == [2, 3, 9, 7, 5, 4, 2, 3]


def test_options_work_together(tmp_path: Path):
    write_mnist(tmp_path / "mnist", count=90)
    options = DataOptions("mnist", classes=(2, 0), take=40, validate=0.25, resize=(32, 32), normalize="unit")
    found = load(options, data_dir=tmp_path, shape=(1, 32, 32))
    assert found.validation is not None
    assert found.test is not None
    assert (len(found.train), len(found.validation), len(found.test)) == (30, 10, 20)
    assert found.class_names == ("2", "0")
    assert set(found.train.labels.tolist()) == {0, 1}
    assert (found.mean.tolist(), found.deviation.tolist()) == ([0], [255])
    assert found.normalized(found.train.images).max() <= 1


@pytest.mark.parametrize("name", ["spirals", "circles"])
@pytest.mark.parametrize("shape", [(2,), (2, 1, 1)])
def test_points_go_into_a_flat_input(name: str, shape: tuple[int, ...]):
    found = load(DataOptions(name, validate=0.1, extra={"count": 200}), shape=shape)
    assert found.train.images.shape == (180, 2, 1, 1)
    assert found.test is not None


def test_shapes_take_the_size_of_the_net():
    assert load(DataOptions("shapes", extra={"count": 60}), shape=(1, 20, 24)).train.images.shape == (60, 1, 20, 24)


def test_a_crop_lets_images_be_larger_than_the_net(tmp_path: Path):
    write_mnist(tmp_path / "mnist")
    options = DataOptions("mnist")
    refuses("E513", lambda: load(options, data_dir=tmp_path, shape=(1, 24, 24)))
    assert load(options, data_dir=tmp_path, shape=(1, 24, 24), crop_pad=0).train.images.shape[2:] == (28, 28)


def test_folders_are_searched_in_order_and_none_is_written_to(tmp_path: Path):
    for name in ("shared", "cache"):
        write_mnist(tmp_path / name / "mnist")
    before = sorted(tmp_path.rglob("*"))
    places = {"data_dir": tmp_path / "data", "shared_dir": tmp_path / "shared", "cache_dir": tmp_path / "cache"}
    load(DataOptions("mnist"), **places)
    assert sorted(tmp_path.rglob("*")) == before


def test_an_error_tells_the_place_in_the_spec(tmp_path: Path):
    source = Source("n.net", "net n { input 1; dense 1 }\ndata mnist\n")
    options = DataOptions("mnist", span=Span(source, 27, 37))
    error = refuses("E501", lambda: load(options, data_dir=tmp_path, cache_dir=tmp_path))
    assert error.notes[-1] == "asked for at n.net:2:1: `data mnist`"


def test_an_unknown_name_tells_the_known_ones():
    error = refuses("E501", lambda: load(DataOptions("minst")))
    assert all(name in error.helps[0] for name in built_in_names())


def test_the_language_names_the_same_sets_and_options():
    assert set(DATA) - {"PATH"} == set(built_in_names())
    for name in GENERATED_SETS:
        image, more = ("1x6x7", "size=6x7 channels=1") if name == "shapes" else ("2", "")
        text = f"net n {{ input {image}; dense 6 }}\ndata {name} count=8 noise=0.1 {more}\n"
        experiment = check_experiment(Source("n.net", text))
        assert experiment.data is not None
        assert len(load(experiment.data).train) == 8


def test_a_user_s_idx_files_load(tmp_path: Path):
    images = write_idx(tmp_path / "mine-images.gz", pixels(40, 8, 8))
    numbers = write_idx(tmp_path / "mine-labels", labels(40, 2))
    options = DataOptions(str(images), is_path=True, labels=str(numbers), validate=0.25)
    found = load(options, shape=(1, 8, 8))
    assert found.validation is not None
    assert (len(found.train), len(found.validation), found.class_names) == (30, 10, ("0", "1"))


def test_a_folder_of_pictures_loads_with_its_notices(tmp_path: Path):
    for name in ("cold", "warm"):
        (tmp_path / name).mkdir()
        for k in range(8):
            Image.new("RGB", (12, 12), (20 * k, 0, 0)).save(tmp_path / name / f"{k}.{'png' if k % 2 else 'jpg'}")
    (tmp_path / "cold" / "notes.png").write_text("not a picture")
    options = DataOptions(str(tmp_path), is_path=True, validate=0.25)
    found = load(options, shape=(3, 12, 12))
    assert "notes.png" in found.notices[0]
    assert len(found.train) == 12
    refuses("E512", lambda: load(options, shape=(3, 12, 12), strict=True))
    assert load(options, shape=(1, 12, 12)).train.images.shape[1] == 1
    assert "resize=8x8" in refuses("E513", lambda: load(options, shape=(3, 8, 8))).helps[1]


def test_a_validation_part_of_the_file_s_own_is_used_and_not_cut_from_training(tmp_path: Path):
    arrays = {
        f"{axis}_{part}": array
        for part in ("train", "val")
        for axis, array in (("x", pixels(9, 4, 4)), ("y", labels(9)))
    }
    np.savez(tmp_path / "a.npz", **arrays)
    options = {"source": str(tmp_path / "a.npz"), "is_path": True}
    found = load(DataOptions(**options))
    assert found.validation is not None
    assert len(found.validation) == 9
    refuses("E518", lambda: load(DataOptions(**options, validate=0.1)))


def test_the_lecture_s_digits_zero_and_one_of_mnist():
    found = load(DataOptions("mnist", classes=(0, 1)), data_dir=datasets(), shape=(1, 28, 28))
    assert found.test is not None
    assert (len(found.train), len(found.test)) == (12_665, 2_115)
    assert np.bincount(found.train.labels).tolist() == [5923, 6742]


def test_classes_are_numbered_as_a_trained_net_knows_them(tmp_path: Path):
    known = Known(("light", "grey", "dark"))
    options = DataOptions(str(write_greys(tmp_path)), is_path=True)
    found, own = load(options, known=known), load(options)
    assert found.class_names == known.names
    assert (found.train.labels == 2 - own.train.labels).all()
    assert (found.train.images == own.train.images).all()


def test_the_images_held_out_of_a_class_are_those_of_the_training_whatever_stands_beside_it(tmp_path: Path):
    """Else a net would be measured on images that it has learnt from."""
    whole, some = write_greys(tmp_path / "whole"), write_greys(tmp_path / "some", ("light",))
    shutil.copytree(whole / "train/light", some / "train/light", dirs_exist_ok=True)
    first = load(DataOptions(str(whole), is_path=True, validate=0.25))
    again = load(DataOptions(str(some), is_path=True, validate=0.25), known=Known(first.class_names))
    assert first.validation is not None
    assert again.validation is not None
    light = first.validation.labels == first.class_names.index("light")
    np.testing.assert_array_equal(again.validation.images, first.validation.images[light])


def test_an_unknown_class_is_told_with_the_place_in_the_spec(tmp_path: Path):
    source = Source("n.net", f'data "{write_greys(tmp_path)}"\n')
    options = DataOptions(str(tmp_path), is_path=True, span=Span(source, 5, len(source.text) - 1))
    error = refuses("E548", lambda: load(options, known=Known(("dark", "light"))))
    assert error.message.startswith("the net does not know the class `grey`")
    assert error.notes[2].startswith("asked for at n.net:1:6")


def test_of_the_test_part_a_part_is_taken(tmp_path: Path):
    options = DataOptions(str(write_greys(tmp_path)), is_path=True, take_test=5, take=20)
    found = load(options)
    assert found.test is not None
    assert (len(found.train), len(found.test)) == (20, 5)
    refuses("E549", lambda: load(DataOptions("digits", take_test=5)))


def test_classes_lost_by_taking_are_known(tmp_path: Path):
    found = load(DataOptions(str(write_greys(tmp_path)), is_path=True, take=1, take_test=2))
    assert set(found.lost) == {0, 1, 2} - set(found.train.labels.tolist())
    assert found.test is not None
    assert set(found.lost_test) == {0, 1, 2} - set(found.test.labels.tolist())
    assert load(DataOptions("digits")).lost == ()


@pytest.mark.parametrize("name", ["mnist", "digits", "shapes"])
def test_a_description_names_the_classes_that_are_kept(name: str, tmp_path: Path):
    write_mnist(tmp_path / "mnist")
    whole = load(DataOptions(name), data_dir=tmp_path)
    kept = load(DataOptions(name, classes=(2, 0)), data_dir=tmp_path)
    assert kept.description.endswith(f", of them the classes {listed(kept.class_names)}")
    assert "in 10 classes" not in kept.description
    assert whole.description.endswith(" in 10 classes") == (name == "mnist")
    many = load(DataOptions("digits", classes=tuple(range(9))))
    assert many.description.endswith(", of them 9 classes")
