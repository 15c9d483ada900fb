"""`netspec scales`: tables, a picture on request, and what it says of the images."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from netspec.train.use.scales import FUNCTIONS
from tests.cli.harness import refused, run, run_json

NET = "net small { input 1x8x8; dense 8 relu as low; dense 10 }\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "small.net").write_text(NET)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_tables_of_every_function_and_scale(here: Path) -> None:
    done = run("scales", "small.net", "--scales", "10,0.1", "--images", "4")
    assert done.exit_code == 0, done.stderr
    assert "small, 4 images of noise, seed 1" in done.stdout
    for function in FUNCTIONS:
        assert f"{function}: deviation of activations" in done.stdout
        assert f"{function}: deviation of gradients" in done.stdout
    heads = [line.split() for line in done.stdout.splitlines() if line.startswith("layer")]
    assert heads == [["layer", "0.1", "10"]] * 6
    assert sum(line.startswith("low ") for line in done.stdout.splitlines()) == 6
    assert done.stderr == ""


def test_real_images_where_there_are_data_and_a_picture(here: Path) -> None:
    found = run_json("scales", "small.net", "--data", "digits", "--scales", "1", "--png", "scales.png", "--seed", "5")
    assert found["real"] is True
    assert "16 training images of handwritten digits" in found["images"]
    assert (found["net"], found["seed"], found["png"]) == ("small", 5, "scales.png")
    assert [(trial["function"], trial["scale"]) for trial in found["trials"]] == [(each, 1.0) for each in FUNCTIONS]
    rows = found["trials"][0]["layers"]
    assert [row["layer"] for row in rows] == ["input", "low", "dense2"]
    assert rows[0]["gradient"] is None
    assert rows[1]["gradient"] > 0
    with Image.open(here / "scales.png") as picture:
        assert picture.format == "PNG"


@pytest.mark.parametrize("scales", ["0", "1,-2", "a", "", "nan", "inf"])
def test_scales_are_numbers_above_zero(here: Path, scales: str) -> None:
    done = run("scales", "small.net", "--scales", scales)
    assert done.exit_code == 2
    assert "is not a list of numbers above 0" in done.stderr


def test_a_net_without_functions_is_refused_before_a_picture_is_written(here: Path) -> None:
    (here / "linear.net").write_text("net n { input 4; dense 2 }")
    refused(run("scales", "linear.net", "--png", "scales.png"), 2, "E475")
    assert not (here / "scales.png").exists()


def test_labels_that_have_no_output_are_refused(here: Path) -> None:
    (here / "five.net").write_text("net n { input 1x8x8; dense 8 relu; dense 5 }\ntrain { loss cross_entropy }\n")
    np.savez(here / "ten.npz", x_train=np.zeros((60, 8, 8), np.uint8), y_train=np.arange(60) % 10)
    refused(run("scales", "five.net", "--data", "ten.npz", "--png", "scales.png"), 3, "E515")
    assert not (here / "scales.png").exists()
