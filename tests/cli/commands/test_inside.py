"""`netspec inside`: what units look for, and what a prediction comes from, of any net."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from netspec.cli import inside_units
from netspec.cli.commands import inside
from netspec.insight.attribution import grad_cam, occlusion, saliency
from netspec.insight.maps import look
from netspec.insight.units import Unit
from netspec.runtime.device import open_device
from netspec.train.draw.contact import Sheet
from netspec.train.run.begin import DataPlaces, load_data
from netspec.train.use.looked import intake_of, opened_net
from netspec.train.use.trained import from_run
from tests.cli.harness import HANGS_SECONDS, refused, run, run_json
from tests.cli.test_json import documented, documented_objects
from tests.data.samples import write_greys

DIGITS = "data digits validate=0.2 take=100\ntrain { sgd rate=0.05; batch 32; epochs 1 }\n"
SPECS = {
    "small": (
        "net small { input 1x8x8; conv 5 3x3 pad=1 relu; dropout 0.5; batchnorm; conv 4 3x3; pool max 2x2\ndense 10 }"
    ),
    "branches": (
        "net branches { input 1x8x8; concat { conv 2 3x3 pad=1 relu } { conv 2 1x1 }; sum { conv 4 3x3 pad=1 } {}\n"
        "dense 10 }"
    ),
    "tied": "net tied { input 1x8x8; local 2 3x3 relu; dense 10 }",
    "flat": "net flat { input 1x8x8; dense 6 tanh; dense 10 }",
}
FAST = ("--steps", "3")

Made = Callable[[str], Path]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A run of a net in SPECS by its name, trained once."""
    folder = tmp_path_factory.mktemp("inside")

    def make(name: str) -> Path:
        if not (folder / name).exists():
            (folder / f"{name}.net").write_text(f"{SPECS[name]}\n{DIGITS}")
            run_json("train", folder / f"{name}.net", "--run", folder / name)
        return folder / name

    return make


def looked(folder: Path) -> tuple[Any, Any, Any]:
    """A run's net, its validation part, and how that is shown to it."""
    trained = from_run(folder)
    dataset = load_data(trained.experiment, DataPlaces())
    return opened_net(trained, open_device()), dataset.validation, intake_of(trained, trained.preparation)


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        return np.asarray(picture.convert("RGB"))


# --- what units look for ----------------------------------------------------------------------------------------------


def test_the_documented_keys_are_printed(made: Made) -> None:
    found = run_json("inside", made("small"), "conv2", *FAST)
    assert found.keys() == documented("`inside`")
    assert found["layers"][0].keys() == documented_objects("`inside`", "layers")
    assert found["excited"][0].keys() == documented_objects("`inside`", "excited")
    unit = found["excited"][0]["units"][0]
    assert unit.keys() == {"channel", "images", "made"}
    assert unit["images"][0].keys() == {"image", "class", "value", "position", "crop", "gradient", "guided"}
    assert found["filters"] == {"layer": "conv1", "shape": [5, 1, 3, 3], "shown": 5}
    assert (found["part"], found["images"], found["steps"], found["seed"]) == ("validation", 20, 3, 0)


def test_the_images_that_excite_a_channel_most_are_those_of_its_largest_numbers(made: Made) -> None:
    """By the maps of the whole part, one by one."""
    net, part, intake = looked(made("small"))
    maps = look(net, intake.normal(part.images, net.shape))["conv2"]
    for unit in run_json("inside", made("small"), "conv2", *FAST)["excited"][0]["units"]:
        own = maps[:, unit["channel"]]
        order = np.argsort(-own.reshape(20, -1).max(axis=1), kind="stable")[:9]
        assert [one["image"] for one in unit["images"]] == order.tolist()
        for one in unit["images"]:
            y, x = one["position"]
            assert one["value"] == pytest.approx(float(own[one["image"]].max()), abs=1e-5)
            assert own[one["image"], y, x] == own[one["image"]].max()
            assert one["class"] == str(part.labels[one["image"]])
            top, bottom, left, right = one["crop"]
            assert (top, bottom, left, right) == (max(0, y - 1), min(8, y + 4), max(0, x - 1), min(8, x + 4))


def test_without_a_layer_the_filters_are_told_and_the_layers_listed(made: Made) -> None:
    found = run_json("inside", made("small"))
    assert (found["part"], found["images"], found["excited"], found["png"]) == (None, None, [], [])
    said = run("inside", made("small")).stdout
    assert "5 filters of conv1, 1x3x3" in said
    assert "layers: conv1, dropout1, batchnorm1, conv2, pool1, dense1" in said
    assert said.endswith("--png DIR` draws all of this\n")


def test_people_see_a_row_a_channel(made: Made) -> None:
    said = run("inside", made("small"), "conv2", "--channels", "3", *FAST).stdout
    assert "what excites conv2 most, of 20 images of the validation part" in said
    assert "the first 3 of 4 channels are shown, `--channels` sets how many" in said
    rows = [line.split() for line in said.splitlines() if line.strip()[:1].isdigit() and "filters" not in line]
    assert [row[0] for row in rows] == ["0", "1", "2"]


def test_a_part_can_be_chosen(made: Made) -> None:
    found = run_json("inside", made("small"), "conv1", "--part", "train", "--channels", "1", *FAST)
    assert (found["part"], found["images"]) == ("train", 80)
    refused(run("inside", made("small"), "conv1", "--part", "test", *FAST), 2, "E463")


@pytest.mark.parametrize(
    ("name", "layers", "filters"),
    [
        ("branches", ("concat1", "sum1", "dense1"), [2, 1, 3, 3]),
        ("tied", ("local1",), [2, 6, 6, 1, 3, 3]),
        ("flat", ("dense1", "dense2"), [6, 1, 8, 8]),
    ],
)
def test_every_kind_of_layer_is_looked_at(
    made: Made, tmp_path: Path, name: str, layers: tuple[str, ...], filters: list[int]
) -> None:
    found = run_json("inside", made(name), *layers, "--channels", "2", "--png", tmp_path, *FAST)
    assert found["filters"]["shape"] == filters
    assert [each["layer"] for each in found["excited"]] == list(layers)
    assert all(len(each["units"]) == each["shown"] == 2 for each in found["excited"])
    assert [Path(file).name for file in found["png"]] == [
        f"{name}-{found['filters']['layer']}-filters.png",
        *(f"{name}-{layer}-{what}.png" for layer in layers for what in ("excites", "made")),
    ]
    assert all(len(np.unique(pixels(Path(file)).reshape(-1, 3), axis=0)) > 3 for file in found["png"])
    for each in found["excited"]:
        flat = len(next(row for row in found["layers"] if row["layer"] == each["layer"])["shape"]) == 1
        assert all((one["position"] is None) == flat for unit in each["units"] for one in unit["images"])


def test_an_ascent_raises_what_it_ascends(made: Made) -> None:
    (layer,) = run_json("inside", made("small"), "dense1", "--steps", "40")["excited"]
    assert all(unit["made"]["end"] > unit["made"]["begin"] for unit in layer["units"])


def test_the_same_seed_gives_the_same_bytes_and_another_others(made: Made, tmp_path: Path) -> None:
    said: list[str] = []
    for place, seed in (("a", 1), ("b", 1), ("c", 2)):
        words = ("inside", made("small"), "conv2", "--seed", seed, "--png", tmp_path / place, "--json", *FAST)
        said.append(run(*words).stdout.replace(str(tmp_path / place), "DIR"))
    assert said[0] == said[1] != said[2]
    files = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert files == ["small-conv1-filters.png", "small-conv2-excites.png", "small-conv2-made.png"]
    for file in files:
        one, same, other = ((tmp_path / place / file).read_bytes() for place in ("a", "b", "c"))
        assert one == same
        assert (one != other) == ("made" in file)


def test_a_layer_that_is_named_twice_is_looked_at_once(made: Made) -> None:
    assert len(run_json("inside", made("flat"), "dense1", "dense1", "--channels", "1", *FAST)["excited"]) == 1


def test_a_spec_with_weights_does_as_well(made: Made) -> None:
    spec = made("small").with_suffix(".net")
    found = run_json("inside", spec, "--weights", made("small") / "weights.safetensors", "--threads", "1")
    assert found["net"] == "small"
    refused(run("inside", spec), 2, "E464")


# --- what a prediction comes from -------------------------------------------------------------------------------------


def test_the_documented_keys_of_an_image_are_printed(made: Made) -> None:
    found = run_json("inside", made("small"), "--image", "3")
    assert found.keys() == documented("`inside --image`")
    assert found["maps"][0].keys() == documented_objects("`inside --image`", "maps")
    assert found["prediction"].keys() == {"class", "label", "probability", "top", "number"}
    assert [each["layer"] for each in found["maps"]] == ["conv1", "dropout1", "batchnorm1", "conv2", "pool1", "dense1"]
    assert (found["unit"]["layer"], found["grad_cam"]["layer"]) == ("dense1", "pool1")
    assert found["occlusion"].keys() == {"patch", "stride", "values"}


def test_the_numbers_are_those_of_the_functions_on_arrays(made: Made) -> None:
    net, part, intake = looked(made("small"))
    image = intake.normal(part.images[3:4], net.shape)
    found = run_json("inside", made("small"), "--image", "3", "--class", "7")
    layers = {layer.name: layer for layer in net.graph.layers}
    unit, close = Unit(layers["dense1"], 7), {"rel": 1e-5, "abs": 1e-6}
    assert (found["class"], found["unit"]["channel"]) == ("7", 7)
    assert np.array(found["saliency"]) == pytest.approx(saliency(net, unit, image)[0], **close)
    assert np.array(found["grad_cam"]["values"]) == pytest.approx(
        grad_cam(net, unit, layers["pool1"], image)[0], **close
    )
    covered = occlusion(net, unit, image, patch=(2, 2), stride=(1, 1))
    assert np.array(found["occlusion"]["values"]) == pytest.approx(covered.values[0], **close)
    assert found["unit"]["value"] == pytest.approx(float(covered.whole[0]), **close)
    for name, maps in look(net, image, net.graph.layers[1:]).items():
        each = next(row for row in found["maps"] if row["layer"] == name)
        assert (each["smallest"], each["largest"]) == pytest.approx((maps.min(), maps.max()))


def test_the_class_is_the_predicted_one_unless_another_is_wanted(made: Made) -> None:
    found = run_json("inside", made("small"), "--image", "0")
    assert found["class"] == found["prediction"]["class"] == str(found["unit"]["channel"])
    done = run("inside", made("small"), "--image", "0", "--class", "ten")
    refused(done, 2, "E487")
    assert "knows no class `ten`" in done.stderr
    assert "there are 0, 1, 2" in done.stderr


def test_layers_choose_maps_and_where_grad_cam_looks(made: Made) -> None:
    found = run_json("inside", made("small"), "conv1", "conv2", "dense1", "--image", "0")
    assert [each["layer"] for each in found["maps"]] == ["conv1", "conv2", "dense1"]
    assert found["grad_cam"]["layer"] == "conv2"
    assert np.array(found["grad_cam"]["values"]).shape == (6, 6)


@pytest.mark.parametrize("name", ["small", "branches", "tied", "flat"])
def test_pictures_of_a_prediction_are_the_same_bytes_again(made: Made, tmp_path: Path, name: str) -> None:
    told = [run_json("inside", made(name), "--image", "1", "--png", tmp_path / place) for place in ("a", "b")]
    maps = [each["layer"] for each in told[0]["maps"] if len(each["shape"]) == 3]
    assert [Path(file).name for file in told[0]["png"]] == [
        *(f"{name}-{layer}-maps.png" for layer in maps),
        f"{name}-prediction.png",
    ]
    assert (told[0]["grad_cam"] is None) == (name == "flat")
    for one, again in zip(told[0]["png"], told[1]["png"], strict=True):
        assert Path(one).read_bytes() == Path(again).read_bytes()
        assert len(np.unique(pixels(Path(one)))) > 3


def test_people_are_told_where_a_prediction_comes_from(made: Made, tmp_path: Path) -> None:
    Image.new("RGB", (20, 12), (9, 99, 199)).save(tmp_path / "a.png")
    done = run("inside", made("small"), "--image", tmp_path / "a.png")
    assert "is 12x20, resized to 8x8" in done.stderr
    for words in ("evidence for ", "saliency: ", "Grad-CAM of pool1: ", "occlusion: least, "):
        assert words in done.stdout


def test_of_many_maps_some_are_drawn_and_that_is_told(made: Made, tmp_path: Path) -> None:
    words = ("inside", made("small"), "conv1", "--image", "0", "--png", tmp_path)
    assert "the strongest; `--channels`" not in run(*words).stdout
    whole = pixels(tmp_path / "small-conv1-maps.png")
    done = run(*words, "--channels", "1")
    assert "at most 1 maps of a layer are drawn, the strongest; `--channels` sets how many" in done.stdout
    assert pixels(tmp_path / "small-conv1-maps.png").tobytes() != whole.tobytes()


def test_images_of_other_data_have_the_classes_of_the_run(greys: Path) -> None:
    """Its classes are matched by name."""
    write_greys(greys / "others", ("light",))
    found = run_json("inside", "one", "dense1", "--data", greys / "others", *FAST)
    assert {one["class"] for unit in found["excited"][0]["units"] for one in unit["images"]} == {"light"}
    assert found["net"] == run_json("inside", "one", "--set", "data.take=4", "--format", "json")["net"]
    refused(run("inside", "one", "--with", "K=3"), 2, "E466")


# --- nets of numbers, of one output, of colours -----------------------------------------------------------------------

CIRCLES = "data circles validate=0.25 count=80\ntrain { sgd rate=0.1; batch 16; epochs 1 }\n"


@pytest.mark.parametrize(("outputs", "loss"), [(2, "cross_entropy"), (1, "binary_cross_entropy")])
def test_of_a_net_without_images_the_numbers_are_told(tmp_path: Path, outputs: int, loss: str) -> None:
    net = f"net points {{ input 2; dense 6 relu; dense {outputs} }}"
    text = f"{net}\n{CIRCLES}".replace("{ sgd", f"{{ loss {loss}; sgd")
    (tmp_path / "points.net").write_text(text)
    run_json("train", tmp_path / "points.net", "--run", tmp_path / "one")
    units = run_json("inside", tmp_path / "one", "dense1", *FAST)
    assert units["filters"] is None
    assert units["layers"][0]["receptive_field"] is None
    assert all(one["crop"] is None for one in units["excited"][0]["units"][0]["images"])
    seen = run_json("inside", tmp_path / "one", "--image", "2")
    assert (seen["grad_cam"], seen["occlusion"]) == (None, None)
    assert len(seen["saliency"]) == 2
    assert seen["class"] == (seen["prediction"]["class"] if outputs == 2 else "outer")
    said = run("inside", tmp_path / "one", "dense1", *FAST).stdout
    assert "`points` has no layer with filters" in said
    assert "--png" not in said
    refused(run("inside", tmp_path / "one", "dense1", "--png", tmp_path / "pictures", *FAST), 2, "E488")
    assert not (tmp_path / "pictures").exists()
    if outputs == 1:
        refused(run("inside", tmp_path / "one", "--image", "2", "--class", "inner"), 2, "E487")


def test_a_regression_has_a_number_and_no_class(tmp_path: Path) -> None:
    text = f"net number {{ input 1x8x8; conv 2 3x3; dense 1 }}\n{DIGITS}".replace("{ sgd", "{ loss squared_error; sgd")
    (tmp_path / "number.net").write_text(text)
    run_json("train", tmp_path / "number.net", "--run", tmp_path / "one")
    found = run_json("inside", tmp_path / "one", "--image", "0")
    assert (found["class"], found["prediction"]["class"]) == (None, None)
    assert found["unit"]["value"] == pytest.approx(found["prediction"]["number"], abs=1e-4)
    assert "what the number comes from" in run("inside", tmp_path / "one", "--image", "0").stdout
    refused(run("inside", tmp_path / "one", "--image", "0", "--class", "3"), 2, "E487")


@pytest.fixture
def colour(tmp_path: Path) -> Path:
    """A run on pictures in colour, of two classes of which one has a hostile name."""
    rng = np.random.default_rng(0)
    for name in ("red", "b\x1b[2J\nerror[E999]: $x$"):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for k in range(10):
            image = rng.integers(0, 256, (8, 8, 3), np.uint8)
            Image.fromarray(image).save(tmp_path / "pictures" / name / f"{k}.png")
    net = "net colour { input 3x8x8; conv 3 3x3 relu; dense 2 }"
    (tmp_path / "colour.net").write_text(f'{net}\ndata "pictures" validate=0.25\ntrain {{ batch 8; epochs 1 }}\n')
    run_json("train", tmp_path / "colour.net", "--run", tmp_path / "one")
    return tmp_path


def test_colours_are_shown_and_hostile_names_escaped(colour: Path) -> None:
    hostile = "b\x1b[2J\nerror[E999]: $x$"
    picture = next((colour / "pictures" / hostile).iterdir())
    units = run("inside", colour / "one", "conv1", "--png", colour / "p\x07ics", *FAST)
    seen = run("inside", colour / "one", "--image", picture, "--class", hostile, "--png", colour / "p\x07ics")
    for done in (units, seen):
        assert done.exit_code == 0, done.stderr
        assert not set(done.stdout + done.stderr) & {"\x1b", "\x07"}
        assert "\nerror[E999]" not in done.stdout + done.stderr
    assert "b␛[2J␊error[E999]: $x$" in seen.stdout
    for name in ("conv1-filters", "conv1-excites", "conv1-made", "prediction"):
        shown = pixels(colour / "p\x07ics" / f"colour-{name}.png")
        assert (shown[..., 0] != shown[..., 1]).any()
    assert run_json("inside", colour / "one", "--image", picture, "--class", hostile)["class"] == hostile


# --- what is refused, and Ctrl-C --------------------------------------------------------------------------------------


def test_what_cannot_be_looked_at_is_refused_and_nothing_written(made: Made, tmp_path: Path) -> None:
    small, pictures = made("small"), tmp_path / "pictures"
    done = run("inside", small, "conv3", "--png", pictures)
    refused(done, 2, "E604")
    assert "did you mean `conv" in done.stderr
    refused(run("inside", small, "input", "--png", pictures), 2, "E479")
    refused(run("inside", small, "--image", "20", "--png", pictures), 2, "E473")
    refused(run("inside", small, "--image", tmp_path / "no.png", "--png", pictures), 3, "E512")
    refused(run("inside", "nowhere", "--png", pictures), 2, "E601")
    refused(run("inside", tmp_path, "--png", pictures), 2, "E462")
    (tmp_path / "file").write_text("here")
    refused(run("inside", small, "--png", tmp_path / "file"), 3, "E540")
    refused(run("inside", small, "--png", tmp_path / "file" / "below"), 3, "E540")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    "words",
    [
        ("--class", "3"),
        ("--part", "train"),
        ("--steps", "3"),
        ("conv1", "--class", "3"),
        ("--image", "0", "--part", "train"),
        ("--image", "0", "--steps", "3"),
        ("--image", "0", "--seed", "3"),
        ("--device", "cuda", "--exact"),
    ],
)
def test_options_that_would_change_nothing_are_refused(made: Made, words: tuple[str, ...]) -> None:
    refused(run("inside", made("small"), *words), 2, "E610")


def test_an_error_as_json_is_one_object(made: Made) -> None:
    done = run("inside", made("small"), "conv9", "--json")
    assert json.loads(done.stdout)["diagnostics"][0]["code"] == "E604"


def test_ctrl_c_ends_cleanly(made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(inside_units, "maximise_each", stop)
    done = run("inside", made("small"), "conv2", "--png", tmp_path / "pictures")
    assert (done.exit_code, done.stdout, done.stderr) == (130, "", "stopped\n")
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_while_pictures_are_drawn_leaves_none(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[Sheet] = []

    def draw(sheet: Sheet) -> bytes:
        drawn.append(sheet)
        if len(drawn) == 3:
            raise KeyboardInterrupt
        return b"drawn"

    monkeypatch.setattr(inside, "draw_sheet", draw)
    done = run("inside", made("small"), "--image", "0", "--png", tmp_path / "pictures")
    assert (done.exit_code, done.stdout, len(drawn)) == (130, "", 3)
    assert list(tmp_path.iterdir()) == []


def test_a_bar_is_shown_to_a_person_alone(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    quiet = run("inside", made("small"), "conv2", "--json", *FAST)
    monkeypatch.setattr(inside_units, "_hidden", lambda: False)
    shown = run("inside", made("small"), "conv2", "--json", *FAST)
    assert quiet.stderr == ""
    assert "gradients of conv2" in shown.stderr
    assert "images for conv2" in shown.stderr
    assert shown.stdout == quiet.stdout


@pytest.mark.slow
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_with_nothing_written(made: Made, tmp_path: Path, number: int, status: int) -> None:
    words = ["inside", str(made("small")), "conv2", "--steps", "100000000", "--png", str(tmp_path / "pictures")]
    going = subprocess.Popen(
        [sys.executable, "-m", "netspec", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    time.sleep(8)
    assert going.poll() is None, going.communicate()
    os.kill(going.pid, number)
    out, said = going.communicate(timeout=HANGS_SECONDS)
    assert (going.returncode, out, said) == (status, "", "stopped\n")
    assert list(tmp_path.iterdir()) == []
