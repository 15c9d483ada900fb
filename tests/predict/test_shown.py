"""One function prepares a picture: training, evaluation, prediction, predictors and `data show` see the same arrays."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from netspec.cli.commands import data as cli_data
from netspec.cli.commands import predict as cli_predict
from netspec.data.dataset import Part
from netspec.data.levels import BYTE_ARRAYS, Levels
from netspec.diagnostics.failure import UsageError
from netspec.diagnostics.text import Source
from netspec.frontend import check_experiment
from netspec.ir.initialize import initialize
from netspec.predict.shown import as_shown
from netspec.predict.shown import read_pictures as read_shown
from netspec.predict.verdict import Verdict
from netspec.runtime.device import DeviceChoice, open_device
from netspec.train.run.begin import DataPlaces, Origin, begin_with, load_data
from netspec.train.run.weights import write_weights
from netspec.train.step.feeds import held_images
from netspec.train.step.preparation import Preparation, prepared
from netspec.train.use import evaluate as evaluation
from netspec.train.use.evaluate import evaluate
from netspec.train.use.predict import read_pictures
from tests.cli.harness import run
from tests.data.samples import refuses

SPEC = 'net n {{ input {channels}x{size[0]}x{size[1]}; dense 2 }}\ndata "{place}" {options}\ntrain {{ epochs 1 }}\n'
HELD = {"held": 1 << 30, "in files": 0}
SEEN = (6, 5)


def random(shape: tuple[int, ...], seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def grey(dtype: str, factor: float) -> Callable[[int], Image.Image]:
    return lambda seed: Image.fromarray((random(SEEN, seed) * float(factor)).astype(dtype))


def colour(*modes: str) -> Callable[[int], Image.Image]:
    def made(seed: int) -> Image.Image:
        image = Image.fromarray(random((*SEEN, 4), seed))
        for mode in modes:
            image = image.convert(mode)
        return image

    return made


MODES: dict[str, tuple[str, Callable[[int], Image.Image], str]] = {
    "one bit": (".png", colour("1"), ""),
    "grey": (".png", colour("L"), ""),
    "palette": (".png", colour("RGB", "P"), ""),
    "palette with transparency": (".png", lambda seed: colour("P")(seed), ""),
    "grey and alpha": (".png", colour("LA"), ""),
    "colour": (".png", colour("RGB"), ""),
    "colour and alpha": (".png", colour(), ""),
    "colour and alpha in a tiff": (".tiff", colour(), ""),
    "four inks": (".tiff", colour("RGB", "CMYK"), ""),
    "luma": (".tiff", colour("RGB", "YCbCr"), ""),
    "sixteen bits": (".png", grey("uint16", 257), ""),
    "twelve bits in sixteen": (".tiff", grey("uint16", 16), "white=4095"),
    "whole numbers": (".tiff", grey("int32", 1), "white=255"),
    "negative whole numbers": (".tiff", grey("int32", -4), "black=-1020 white=0"),
    "floats": (".tiff", grey("float32", 1 / 255), ""),
    "floats beyond": (".tiff", grey("float32", -0.5), "black=-200 white=10"),
}


@dataclass
class Uses:
    """The arrays (N, C, H, W) that each use has seen."""

    seen: dict[str, np.ndarray] = field(default_factory=dict)

    def see(self, use: str, images: Any) -> None:
        self.seen[use] = np.array(images[:])


def folder(root: Path, mode: str) -> list[Path]:
    """Two pictures a class in a training part, and the same in a test part."""
    suffix, make, _ = MODES[mode]
    for part in ("train", "test"):
        for number in range(4):
            path = root / part / "ab"[number // 2] / f"{number}{suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            make(number).save(path)
    return sorted((root / "test").rglob(f"*{suffix}"))


class Measured(Exception):  # noqa: N818 - it is no error
    """The arrays have been seen."""


@pytest.mark.parametrize("held", HELD)
@pytest.mark.parametrize("size", [None, (4, 3), (9, 11)])
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("mode", MODES)
def test_every_use_sees_the_same_array(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    mode: str,
    channels: int,
    size: tuple[int, int] | None,
    held: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    paths, uses = folder(tmp_path / "set", mode), Uses()
    options = MODES[mode][2] + (f" resize={size[0]}x{size[1]}" if size else "")
    text = SPEC.format(channels=channels, size=size or SEEN, place=tmp_path / "set", options=options)
    (tmp_path / "n.net").write_text(text)
    experiment = check_experiment(Source("n.net", text))
    dataset = load_data(experiment, DataPlaces(held_bytes=HELD[held]))
    preparation = prepared(dataset)

    def observe(evaluator: Any, part: Part, weights: object) -> None:
        uses.see("evaluate", part.images)
        raise Measured

    monkeypatch.setattr(evaluation.Evaluator, "observe", observe)
    uses.see("training", dataset.train.images)
    if held == "held":
        assert held_images(dataset.train) is dataset.train.images
    with pytest.raises(Measured):
        evaluate(experiment, dataset, preparation, initialize(experiment.graph, 1), device=open_device(DeviceChoice(1)))

    uses.see("predict", read_pictures(paths, preparation)[0])
    uses.see("predictor", as_shown([str(path) for path in paths], preparation.shape, preparation.levels))
    opened = [Image.open(path) for path in paths]
    uses.see("pictures in memory", as_shown(opened, preparation.shape, preparation.levels))
    monkeypatch.setattr(cli_data, "contact_sheet", lambda part, *_: uses.see("data show", part.images) or opened[0])
    monkeypatch.setattr(cli_data, "_png", lambda sheet: b"")
    done = run("data", "show", "n.net")
    assert done.exit_code == 0, done.stderr
    for image in opened:
        image.close()

    assert set(uses.seen) == {"training", "evaluate", "predict", "predictor", "pictures in memory", "data show"}
    for use, images in uses.seen.items():
        assert images.dtype == uses.seen["training"].dtype, use
        np.testing.assert_array_equal(images, uses.seen["training"], err_msg=use)


def test_the_command_shows_the_net_what_training_did(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run folder in between: its record keeps what is needed."""
    monkeypatch.chdir(tmp_path)
    paths = folder(tmp_path / "set", "twelve bits in sixteen")
    text = SPEC.format(channels=4, size=(3, 4), place=tmp_path / "set", options="white=4095 resize=3x4")
    experiment = check_experiment(Source("n.net", text))
    dataset = load_data(experiment, DataPlaces())
    begun = begin_with(
        dataset, experiment, Origin(Source("n.net", text), {}), device=open_device(DeviceChoice(1)), folder=Path("one")
    )
    begun.events.close()
    write_weights(tmp_path / "one" / "weights.safetensors", initialize(experiment.graph, 1))
    seen: list[np.ndarray] = []

    def verdict(trained: Any, images: np.ndarray, device: object) -> Verdict:
        seen.append(images)
        assert isinstance(trained.preparation, Preparation)
        return Verdict(np.full((len(images), 2), 0.5), np.tile([0, 1], (len(images), 1)))

    monkeypatch.setattr(cli_predict, "verdict", verdict)
    done = run("predict", "one", *paths)
    assert done.exit_code == 0, done.stderr
    np.testing.assert_array_equal(seen[0], np.asarray(dataset.train.images[:]))


GREY = (1, 8, 6)
ONE = np.arange(48, dtype=np.uint8).reshape(8, 6)


def test_arrays_and_lists_of_them_are_images(tmp_path: Path) -> None:
    for images in (ONE, ONE.tolist(), [ONE], [ONE.tolist()], (ONE,), [ONE[None]], memoryview(ONE)):
        found = as_shown(images, GREY, BYTE_ARRAYS)
        np.testing.assert_array_equal(found, ONE[None, None])


def test_paths_and_pictures_alone_or_in_lists_are_images(tmp_path: Path) -> None:
    picture = Image.fromarray(ONE)
    picture.save(tmp_path / "a.png")
    path = tmp_path / "a.png"
    for images in (path, str(path), picture, [path], [str(path), picture], (picture, path)):
        found = as_shown(images, GREY, BYTE_ARRAYS)
        assert len(found) == (len(images) if isinstance(images, list | tuple) else 1)
        np.testing.assert_array_equal(found, np.broadcast_to(ONE, found.shape))


@pytest.mark.parametrize(
    "images",
    [None, 3, 1.5, {}, {"a": 1}, set(), [], (), b"a.png", object(), iter([ONE]), [ONE, ONE[:4]], [[1, 2], [3]],
     [None], ["a.png", ONE], [ONE, Image.new("L", (6, 8))], np.array("a.png"), np.array([None]), [object()]],
    ids=lambda images: type(images).__name__,
)  # fmt: skip
def test_what_is_no_image_is_refused(images: object) -> None:
    with pytest.raises(UsageError) as caught:
        as_shown(images, GREY, BYTE_ARRAYS)
    assert caught.value.code == "E465"


def test_an_array_that_fails_as_it_is_asked_for_is_refused() -> None:
    class Broken:
        def __array__(self, *_: object, **__: object) -> np.ndarray:
            raise RuntimeError("on another device")

    with pytest.raises(UsageError, match="on another device") as caught:
        as_shown(Broken(), GREY, BYTE_ARRAYS)
    assert caught.value.code == "E465"


def test_pictures_that_cannot_be_used_are_data_errors(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"GIF89a")
    refuses("E512", lambda: as_shown(tmp_path / "a.png", GREY, BYTE_ARRAYS))
    refuses("E512", lambda: as_shown("no such file", GREY, BYTE_ARRAYS))
    refuses("E512", lambda: as_shown(Image.new("L", (0, 0)), GREY, BYTE_ARRAYS))
    refuses("E514", lambda: as_shown(Image.new("L", (6, 8)), (2, 8, 6), BYTE_ARRAYS))
    Image.new("L", (6, 8)).save(tmp_path / "b.png")
    with Image.open(tmp_path / "b.png") as closed:
        pass
    refuses("E512", lambda: as_shown(closed, GREY, BYTE_ARRAYS))


def test_a_picture_of_whole_numbers_beyond_the_range_of_the_run_is_refused() -> None:
    def shown(largest: int) -> np.ndarray:
        image = Image.fromarray(np.full((8, 6), largest, np.int32))
        return as_shown(image, GREY, BYTE_ARRAYS)

    assert (shown(200) == 200).all()
    error = refuses("E559", lambda: shown(256))
    assert "from 256 to 256" in error.message
    assert "0 (black) to 255 (white)" in error.message


def test_a_run_whose_levels_nothing_tells_refuses_pictures_with_the_repair() -> None:
    levels = Levels(-1, 1, "float", settled=False)
    error = refuses("E559", lambda: as_shown(Image.new("L", (6, 8)), GREY, levels))
    assert "from -1 to 1" in error.message
    assert "`black=-1`" in error.helps[0]
    assert "`--set data.black=-1`" in error.helps[0]


def test_pixels_beyond_the_levels_of_the_training_are_noticed() -> None:
    image = Image.fromarray(np.full((8, 6), 5000, np.uint16))
    _, notices = read_shown([image], GREY, Levels(0, 4095, "integer", given=True))
    assert notices == ("the picture has pixels from 5000 to 5000, beyond 0 (black) and 4095 (white) of the training",)


def test_numbers_whose_white_nothing_tells_are_taken_as_they_are_with_a_notice() -> None:
    image = Image.fromarray(np.full((8, 6), 218, np.int32))
    pixels, notices = read_shown([image], GREY, Levels(0, 65_535, "integer"))
    assert (pixels == 218).all()
    assert len(notices) == 1
    assert "between 0 (black) and 65535 (white) of the training" in notices[0]
    assert read_shown([image], GREY, Levels(0, 4095, "integer", given=True))[1] == ()


def test_what_pillow_drops_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "a.ppm").write_bytes(b"P6 6 8 65535\n" + bytes(6 * 8 * 6))
    _, notices = read_shown([tmp_path / "a.ppm"], (3, 8, 6), BYTE_ARRAYS)
    assert notices == (f"`{tmp_path / 'a.ppm'}` has 16 bits a colour, of which 8 are read",)
