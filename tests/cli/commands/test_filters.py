"""`netspec filters`: pictures of a layer's filters, and of what it makes of an image."""

from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from PIL import Image

import netspec
from netspec.cli.commands.filters import find_image
from netspec.runtime.device import open_device
from netspec.train.draw.filters import layer_maps
from netspec.train.draw.tiles import GAP, draw_tiles, filter_tiles, map_tiles
from netspec.train.run.begin import DataPlaces
from netspec.train.use.trained import from_run
from tests.cli.harness import refused, run, run_json
from tests.cli.test_json import documented
from tests.data.samples import write_greys

SPEC = """net small {
    input 1x8x8
    conv 5 3x3 pad=1 relu; dropout 0.5; batchnorm
    conv 4 3x3
    pool max 2x2
    dense 10
}
data digits validate=0.2 take=100
train { sgd rate=0.05; batch 32; epochs 1 }
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with a run in `one`."""
    (tmp_path / "small.net").write_text(SPEC)
    monkeypatch.chdir(tmp_path)
    run_json("train", "small.net", "--run", "one")
    return tmp_path


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        return np.asarray(picture.convert("RGB"))


def test_the_first_convolutions_filters_are_drawn(here: Path) -> None:
    found = run_json("filters", "one")
    assert found.keys() == documented("`filters`")
    assert found == {"png": "small-conv1-filters.png", "layer": "conv1", "what": "filters", "shape": [5, 1, 3, 3]}
    weights = safetensors.numpy.load_file(here / "one/weights.safetensors")["conv1.weight"]
    assert (here / "small-conv1-filters.png").read_bytes() == draw_tiles(*filter_tiles(weights))


def test_another_layers_filters_are_a_row_each(here: Path) -> None:
    done = run("filters", "one", "--layer", "conv2", "--png", "second.png")
    assert done.stdout == "wrote second.png: 4 filters of conv2, 3x3\n"
    factor = 48 // 3
    assert pixels(here / "second.png").shape == (4 * (3 * factor + GAP) + GAP, 5 * (3 * factor + GAP) + GAP, 3)


def test_the_maps_of_an_image_are_drawn(here: Path) -> None:
    found = run_json("filters", "one", "--image", "3")
    assert found == {"png": "small-conv1-maps.png", "layer": "conv1", "what": "maps", "shape": [5, 8, 8]}
    done = run("filters", "one", "--image", "3", "--layer", "pool1", "--png", "pool.png")
    assert done.stdout.startswith("wrote pool.png: 4 maps of pool1, 3x3, of image 3 of the validation part, class ")
    assert len(np.unique(pixels(here / "pool.png"))) > 3


def test_the_device_of_maps_can_be_chosen(here: Path) -> None:
    for number, options in enumerate(((), ("--device", "cpu", "--threads", "1"), ("--exact",))):
        run_json("filters", "one", "--image", "3", "--png", f"{number}.png", *options)
    assert (here / "0.png").read_bytes() == (here / "1.png").read_bytes()
    refused(run("filters", "one", "--image", "3", "--device", "cuda", "--exact"), 2, "E610")


def test_a_file_is_brought_to_the_units_of_the_data(here: Path) -> None:
    """Digits are numbers from 0 to 16, pictures from 0 to 255."""
    trained = from_run(here / "one")
    picture = np.random.default_rng(1).integers(0, 256, (8, 8), np.uint8)
    Image.fromarray(picture).save(here / "a.png")
    run_json("filters", "one", "--image", "a.png")
    images = picture[None, None] * np.float32(16 / 255)
    (maps,) = layer_maps(trained, trained.experiment.graph.layers[1], images, open_device())
    assert (maps.shape, maps.min()) == ((5, 8, 8), 0)
    assert (here / "small-conv1-maps.png").read_bytes() == draw_tiles(*map_tiles(maps))


def test_the_maps_of_the_last_pooling_lead_to_the_nets_own_answer(here: Path) -> None:
    """What the maps hold, flattened and put through the dense layer, is what `predict` says."""
    trained, network = from_run(here / "one"), netspec.load("one")
    images = np.random.default_rng(2).integers(0, 17, (3, 1, 8, 8), np.uint8)
    pool = next(layer for layer in trained.experiment.graph.layers if layer.name == "pool1")
    maps = layer_maps(trained, pool, images, open_device()).reshape(3, -1)
    logits = maps @ trained.weights["dense1.weight"].T.astype(float) + trained.weights["dense1.bias"]
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    assert network.predict(images) == pytest.approx(raised / raised.sum(axis=1, keepdims=True), abs=1e-5)


@pytest.mark.parametrize("layer", ["dropout1", "batchnorm1", "input"])
def test_every_layer_that_gives_maps_has_them(here: Path, layer: str) -> None:
    found = run_json("filters", "one", "--image", "0", "--layer", layer, "--png", "x.png")
    assert found["shape"][1:] == [8, 8]


def test_a_picture_of_another_size_is_resized_and_told(here: Path) -> None:
    Image.new("RGB", (20, 12), (9, 99, 199)).save(here / "a.png")
    done = run("filters", "one", "--image", "a.png")
    assert done.exit_code == 0
    assert "is 12x20, resized to 8x8" in done.stderr
    assert done.stdout.endswith("of conv1, 8x8, of a.png\n")


def test_colour_filters_are_in_colour(here: Path) -> None:
    spec = SPEC.replace("1x8x8", "3x8x8").replace("digits validate=0.2 take=100", '"pictures" validate=0.25')
    (here / "colour.net").write_text(spec.replace("dense 10", "dense 2"))
    for name, colour in (("red", (200, 20, 30)), ("blue", (10, 30, 220))):
        (here / "pictures" / name).mkdir(parents=True)
        for k in range(8):
            Image.new("RGB", (8, 8), tuple(c + k for c in colour)).save(here / "pictures" / name / f"{k}.png")
    run_json("train", "colour.net", "--run", "two")
    run_json("filters", "two", "--png", "colour.png")
    seen = pixels(here / "colour.png")
    assert (seen[..., 0] != seen[..., 1]).any()


def test_a_spec_with_weights_does_as_well(here: Path) -> None:
    found = run_json("filters", "small.net", "--weights", "one/weights.safetensors", "--png", "x.png")
    assert found["layer"] == "conv1"
    refused(run("filters", "small.net"), 2, "E464")


def test_what_cannot_be_shown_is_refused_and_nothing_written(here: Path) -> None:
    refused(run("filters", "one", "--layer", "pool1"), 2, "E472")
    refused(run("filters", "one", "--layer", "dense1", "--image", "0"), 2, "E472")
    refused(run("filters", "one", "--layer", "conv3"), 2, "E604")
    refused(run("filters", "one", "--image", "20"), 2, "E473")
    refused(run("filters", "one", "--image", "no.png"), 3, "E512")
    refused(run("filters", "nowhere"), 2, "E601")
    refused(run("filters", "one", "--png", "no/such/x.png"), 3, "E540")
    (here / "flat.net").write_text("net flat { input 1x8x8; dense 10 }\ndata digits take=50\ntrain { epochs 1 }\n")
    run_json("train", "flat.net", "--run", "flat")
    refused(run("filters", "flat"), 2, "E472")
    assert list(here.glob("*.png")) == []


def test_the_class_of_an_image_of_other_data_is_found_by_its_name(greys: Path) -> None:
    write_greys(greys / "others", ("light",))
    image, told, _ = find_image(from_run(greys / "one", (f"data={greys / 'others'}",)), "0", DataPlaces())
    assert image.min() > 128
    assert told == ", of image 0 of the test part, class light"
