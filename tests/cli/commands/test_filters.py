"""`netspec filters`: pictures of a layer's filters, and of what it makes of an image."""

from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from PIL import Image

import netspec
from netspec.cli.chosen_image import find_image
from netspec.data.dataset import Images
from netspec.ir.graph import Layer
from netspec.runtime.device import open_device
from netspec.train.draw.contact import draw_sheet
from netspec.train.draw.inside_sheets import filter_sheet, map_sheet
from netspec.train.run.begin import DataPlaces
from netspec.train.use.looked import intake_of, layer_maps, opened_net
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


def maps_of(folder: Path, name: str, images: Images) -> tuple[Layer, np.ndarray]:
    """A layer of a run, and its maps of images in the units of the data set."""
    trained = from_run(folder)
    net, intake = opened_net(trained, open_device()), intake_of(trained, trained.preparation)
    layer = next(layer for layer in net.graph.layers if layer.name == name)
    return layer, layer_maps(net, layer, intake.normal(images, net.shape))


def test_the_first_convolutions_filters_are_drawn(here: Path) -> None:
    found = run_json("filters", "one")
    assert found.keys() == documented("`filters`")
    assert found == {"png": "small-conv1-filters.png", "layer": "conv1", "what": "filters", "shape": [5, 1, 3, 3]}
    weights = safetensors.numpy.load_file(here / "one/weights.safetensors")["conv1.weight"]
    layer, _ = maps_of(here / "one", "conv1", np.zeros((1, 1, 8, 8), np.uint8))
    drawn = draw_sheet(filter_sheet("small", layer, weights, 32))
    assert (here / "small-conv1-filters.png").read_bytes() == drawn
    assert run_json("inside", "one", "--png", "all")["png"] == ["all/small-conv1-filters.png"]
    assert (here / "all/small-conv1-filters.png").read_bytes() == drawn


def test_another_layers_filters_have_a_tile_a_channel(here: Path) -> None:
    done = run("filters", "one", "--layer", "conv2", "--png", "second.png")
    assert done.stdout == "wrote second.png: 4 filters of conv2, 3x3\n"
    assert len(np.unique(pixels(here / "second.png"))) > 20


def test_of_many_filters_and_maps_some_are_shown(here: Path) -> None:
    done = run("filters", "one", "--channels", "2", "--png", "x.png")
    assert done.stdout.endswith(
        "5 filters of conv1, 3x3; the first 2 of 5 filters are shown, `--channels` sets how many\n"
    )
    done = run("filters", "one", "--channels", "2", "--image", "3", "--png", "y.png")
    assert "; the strongest 2 of 5 maps are shown, `--channels` sets how many\n" in done.stdout
    maps = maps_of(here / "one", "conv1", find_image(from_run(here / "one"), "3", DataPlaces())[0])[1][0]
    layer = maps_of(here / "one", "conv1", np.zeros((1, 1, 8, 8), np.uint8))[0]
    sheet = map_sheet("small", layer, maps, "it", 2)
    kept = sorted(np.argsort(-maps.max(axis=(1, 2)))[:2].tolist())
    assert [block.label for block in sheet.blocks] == [str(k) for k in kept]


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
    picture = np.random.default_rng(1).integers(0, 256, (8, 8), np.uint8)
    Image.fromarray(picture).save(here / "a.png")
    run_json("filters", "one", "--image", "a.png")
    images = picture[None, None] * np.float32(16 / 255)
    layer, (maps,) = maps_of(here / "one", "conv1", images)
    assert (maps.shape, maps.min()) == ((5, 8, 8), 0)
    drawn = draw_sheet(map_sheet("small", layer, maps, "a.png", 32))
    assert (here / "small-conv1-maps.png").read_bytes() == drawn


def test_the_maps_of_the_last_pooling_lead_to_the_nets_own_answer(here: Path) -> None:
    """What the maps hold, flattened and put through the dense layer, is what `predict` says."""
    trained, network = from_run(here / "one"), netspec.load("one")
    images = np.random.default_rng(2).integers(0, 17, (3, 1, 8, 8), np.uint8)
    maps = maps_of(here / "one", "pool1", images)[1].reshape(3, -1)
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


@pytest.mark.parametrize(
    ("body", "layer", "shape", "told"),
    [
        ("local 2 3x3 relu; dense 10", "local1", [2, 6, 6, 1, 3, 3], "2 filters of local1, 3x3"),
        ("dense 4 relu; dense 10", "dense1", [4, 1, 8, 8], "4 filters of dense1, 8x8"),
    ],
)
def test_local_and_dense_layers_on_pixels_have_filters(
    here: Path, body: str, layer: str, shape: list[int], told: str
) -> None:
    head = SPEC.split("conv 5")[0]
    (here / "other.net").write_text(f"{head}{body} }}\ndata digits take=50\ntrain {{ epochs 1 }}\n")
    run_json("train", "other.net", "--run", "other")
    found = run_json("filters", "other")
    assert (found["layer"], found["shape"]) == (layer, shape)
    assert run("filters", "other", "--png", "x.png").stdout == f"wrote x.png: {told}\n"
    assert len(np.unique(pixels(here / "x.png"))) > 20


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
    (here / "points.net").write_text("net points { input 2; dense 2 }\ndata circles count=40\ntrain { epochs 1 }\n")
    run_json("train", "points.net", "--run", "points")
    refused(run("filters", "points"), 2, "E472")
    assert list(here.glob("*.png")) == []


def test_the_class_of_an_image_of_other_data_is_found_by_its_name(greys: Path) -> None:
    write_greys(greys / "others", ("light",))
    image, told, _ = find_image(from_run(greys / "one", (f"data={greys / 'others'}",)), "0", DataPlaces())
    assert image.min() > 128
    assert told == "image 0 of the test part, class light"
