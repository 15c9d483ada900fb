"""`netspec predict`: image files in, class and probability out."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import netspec
from netspec.diagnostics.failure import UsageError
from tests.cli.harness import refused, run, run_json

SPEC = """net shade { input 3x8x8; dense 2 }
data "pictures" validate=0.25
train { sgd rate=0.05; batch 8; epochs 5 }
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with pictures of two classes and a run in `one` that has learnt to tell them apart."""
    for name, colour in (("dark", 20), ("light", 200)):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for k in range(20):
            picture(tmp_path / "pictures" / name / f"{k}.png", colour + k)
    (tmp_path / "shade.net").write_text(SPEC)
    monkeypatch.chdir(tmp_path)
    assert run_json("train", "shade.net", "--run", "one")["validation_accuracy"] == 1
    return tmp_path


def picture(path: Path, shade: int, size: int = 8) -> Path:
    Image.new("RGB", (size, size), (shade, shade, shade)).save(path)
    return path


def test_pictures_that_cannot_be_used_are_named_in_training_or_refused(here: Path) -> None:
    (here / "pictures/dark/notes.png").write_text("no picture")
    done = run("train", "shade.net", "--json", "--run", "two")
    assert json.loads(done.stdout)["validation_accuracy"] == 1
    assert "notes.png" in done.stderr
    refused(run("train", "shade.net", "--strict", "--run", "three"), 3, "E512")
    assert not (here / "three").exists()


def test_a_picture_gets_its_class_by_name_and_its_probability(here: Path) -> None:
    picture(here / "a.png", 30)
    picture(here / "b.jpg", 210)
    (dark, light) = run_json("predict", "one", "a.png", "b.jpg")["predictions"]
    assert (dark["image"], dark["class"], dark["label"]) == ("a.png", "dark", 0)
    assert (light["image"], light["class"]) == ("b.jpg", "light")
    assert 0.5 < dark["probability"] <= 1
    said = run("predict", "one", "a.png").stdout
    assert said.startswith("a.png: dark ")


def test_the_likeliest_classes_come_first_and_add_up(here: Path) -> None:
    picture(here / "a.png", 30)
    (found,) = run_json("predict", "one", "a.png", "--top", "9")["predictions"]
    assert [entry["class"] for entry in found["top"]] == ["dark", "light"]
    assert sum(entry["probability"] for entry in found["top"]) == pytest.approx(1)


def test_a_picture_of_another_size_is_resized_and_that_is_said(here: Path) -> None:
    picture(here / "large.png", 210, 50)
    done = run("predict", "one", "large.png")
    assert "light" in done.stdout
    assert "`large.png` is 50x50, resized to 8x8" in done.stderr


def test_a_spec_with_weights_predicts_as_the_run_does(here: Path) -> None:
    picture(here / "a.png", 90)
    by_run = run_json("predict", "one", "a.png")
    assert run_json("predict", "shade.net", "a.png", "--weights", "one/weights.safetensors") == by_run
    (here / "one/weights.safetensors").rename(here / "alone.safetensors")
    assert run_json("predict", "shade.net", "a.png", "--weights", "alone.safetensors") == by_run


def test_one_output_speaks_of_two_classes(here: Path) -> None:
    run_json("train", "shade.net", "--run", "two", "--set", "train.loss=binary_cross_entropy")
    (here / "one.net").write_text(SPEC.replace("dense 2", "dense 1"))
    run_json("train", "one.net", "--run", "three")
    picture(here / "a.png", 30)
    (found,) = run_json("predict", "three", "a.png", "--top", "2")["predictions"]
    assert [entry["class"] for entry in found["top"]] == ["dark", "light"]


def test_what_is_no_picture_is_a_data_error(here: Path) -> None:
    (here / "fake.png").write_bytes(b"GIF89a nothing")
    picture(here / "a.png", 30)
    refused(run("predict", "one", "a.png", "fake.png"), 3, "E512")
    refused(run("predict", "one", "none.png"), 3, "E512")
    refused(run("predict", "shade.net", "a.png"), 2, "E464")


@pytest.mark.parametrize("held", ["1G", "0"])
def test_a_test_folder_without_labels_is_told_of_and_the_training_goes_on(here: Path, held: str) -> None:
    (here / "pictures").rename(here / "train")
    for place in ("pictures/test", "pictures/extra"):
        (here / place).mkdir(parents=True)
        picture(here / place / "1.png", 20)
    (here / "train").rename(here / "pictures" / "train")
    done = run("train", "shade.net", "--json", "--run", "two", "--data-memory", held)
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    assert (told["validation_accuracy"], told["test_accuracy"]) == (1, None)
    assert "note: `pictures/test` holds 1 file in no class folder" in done.stderr
    assert "left alone: `extra`" in done.stderr
    assert run_json("evaluate", "two")["part"] == "validation"
    refused(run("train", "shade.net", "--strict", "--run", "three"), 3, "E512")


SCANS = """net scans { input 1x8x8; conv 2 3x3 relu; dense 2 }
data "DATA" OPTIONS
train { sgd rate=0.05; batch 8; epochs 8 }
"""


def shades(count: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Grey images (N, 8, 8) of bytes, dark and light, with their labels."""
    images = np.random.default_rng(5).integers(0, 60, (count, 8, 8), np.uint8)
    numbers = np.arange(count) % 2
    return images + (140 * numbers[:, None, None]).astype(np.uint8), numbers


def write_pictures(root: Path, factor: float, dtype: str, suffix: str) -> list[Path]:
    """The shades as pictures of some type, a folder a class; class by class."""
    images, numbers = shades()
    for number, (image, label) in enumerate(zip(images, numbers, strict=True)):
        path = root / ("dark", "light")[label] / f"{number:02}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray((image * float(factor)).astype(dtype)).save(path)
    return sorted(root.rglob(f"*{suffix}"))


def train_on(name: str, options: str = "") -> None:
    Path("scans.net").write_text(SCANS.replace("DATA", name).replace("OPTIONS", options))
    done = run("train", "scans.net", "--run", "scans")
    assert done.exit_code == 0, done.stderr


def named(*words: object) -> list[str]:
    return [found["class"] for found in run_json("predict", "scans", *words)["predictions"]]


@pytest.fixture
def floats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Pictures of eight bits, and `floats.npz` with the same from -1 to 1; the current folder is theirs."""
    monkeypatch.chdir(tmp_path)
    images, numbers = shades()
    names = np.array(["dark", "light"])
    np.savez("floats.npz", images=images / 127.5 - 1, labels=numbers, class_names=names)
    return write_pictures(Path("bytes"), 1, "uint8", ".png")


ALL = ["dark"] * 20 + ["light"] * 20


def test_a_run_on_numbers_below_zero_refuses_pictures_until_black_is_told(floats: list[Path]) -> None:
    train_on("floats.npz")
    done = run("predict", "scans", *floats)
    refused(done, 3, "E559")
    assert "from -1 to 0.560784" in done.stderr
    assert "`--set data.black=-1`" in done.stderr
    refused(run("filters", "scans", "--image", floats[0]), 3, "E559")
    assert named(*floats, "--set", "data.black=-1") == ALL


def test_a_run_whose_spec_tells_black_takes_pictures(floats: list[Path]) -> None:
    train_on("floats.npz", "black=-1")
    assert named(*floats) == ALL


def test_pictures_of_every_type_are_shown_to_a_run_in_its_range(floats: list[Path]) -> None:
    train_on("bytes")
    for factor, dtype, suffix in ((257, "uint16", ".png"), (1 / 255, "float32", ".tiff"), (1, "int32", ".tiff")):
        paths = write_pictures(Path(dtype), factor, dtype, suffix)
        assert named(*paths) == ALL, dtype


def test_twelve_bits_are_shown_to_their_run_as_they_are(floats: list[Path]) -> None:
    paths = write_pictures(Path("twelve"), 16, "uint16", ".tiff")
    train_on("twelve", "white=4095 normalize=unit")
    assert named(*paths) == ALL
    assert named(*floats) == ALL


@pytest.mark.parametrize(("factor", "dtype", "suffix"), [(257, "uint16", ".png"), (1 / 255, "float32", ".tiff")])
def test_a_run_is_measured_on_data_of_other_units_in_its_own(
    floats: list[Path], factor: float, dtype: str, suffix: str
) -> None:
    train_on("bytes", 'test="bytes"')
    write_pictures(Path("other/train"), factor, dtype, suffix)
    write_pictures(Path("other/test"), factor, dtype, suffix)
    own, other = (run_json("evaluate", "scans", *words) for words in ((), ("--data", Path("other").absolute())))
    assert own["images"] == other["images"] == 40
    assert other["loss"] == pytest.approx(own["loss"], rel=1e-4)
    assert own["accuracy"] == other["accuracy"] == 1


def test_a_run_is_not_measured_on_numbers_whose_white_nothing_tells(floats: list[Path]) -> None:
    train_on("bytes", 'test="bytes"')
    words = ("evaluate", "scans", "--data", Path("floats.npz").absolute(), "--set", "data.validate=0.5")
    refused(run(*words), 3, "E559")
    found = run_json(*words, "--set", "data.black=-1")
    assert found["accuracy"] == 1


def test_python_takes_what_the_command_takes(floats: list[Path]) -> None:
    train_on("floats.npz", "black=-1")
    network = netspec.load("scans")
    by_path = network.predict(floats[0])
    with Image.open(floats[0]) as picture:
        assert np.array_equal(network.predict(picture), by_path)
        assert np.array_equal(network.predictor()([picture, str(floats[0])]), np.concatenate([by_path, by_path]))
    for array in (shades()[0][0] / 127.5 - 1, (shades()[0][0] / 127.5 - 1).tolist()):
        np.testing.assert_allclose(network.predict(array), by_path, rtol=1e-5)
    for images in (None, [], [[1], [2, 3]], {}):
        for ask in (network.predict, network.predictor()):
            with pytest.raises(UsageError) as caught:
                ask(images)  # type: ignore[operator]
            assert caught.value.code == "E465"
