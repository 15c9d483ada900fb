"""`netspec predict`: image files in, class and probability out."""

import json
from pathlib import Path

import pytest
from PIL import Image

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
