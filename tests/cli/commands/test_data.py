import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from netspec.cli.commands import data as module
from netspec.data.levels import Levels
from netspec.data.load import load
from netspec.data.published import PUBLISHED, File, Published
from netspec.ir.recipe import DataOptions
from netspec.resources import bundled_specs
from tests.cli.harness import process, refused, run, run_json
from tests.data.samples import labels, pixels, write_idx, write_mnist
from tests.data.server import Conduct, serving


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own, without the data of this machine."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NETSPEC_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return tmp_path


def test_list_names_every_set_and_where_it_is(work: Path, monkeypatch: pytest.MonkeyPatch):
    write_mnist(work / "sets" / "mnist")
    monkeypatch.setenv("NETSPEC_DATA", str(work / "sets"))
    printed = run("data", "list").stdout
    assert str(work / "sets" / "mnist") in printed
    assert "netspec data fetch cifar10" in printed
    told = {one["name"]: one for one in run_json("data", "list")["datasets"]}
    assert set(told) == {"digits", *PUBLISHED, "spirals", "circles", "shapes"}
    assert told["mnist"]["place"] == str(work / "sets" / "mnist")
    assert told["digits"]["kind"] == "bundled"
    assert told["cifar100"]["place"] is None


def test_the_folder_named_comes_before_that_of_the_environment(work: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("shared", "named"):
        write_mnist(work / name / "mnist")
    monkeypatch.setenv("NETSPEC_DATA", str(work / "shared"))
    told = run_json("data", "list", "--data-dir", work / "named")
    assert told["datasets"][1]["place"] == str(work / "named" / "mnist")
    assert told["searched"][:2] == [str(work / "named"), str(work / "shared")]


def test_show_draws_a_sheet_and_tells_counts_mean_and_deviation(work: Path):
    printed = run("data", "show", "digits").stdout
    assert "mean   4.884  deviation 6.017" in printed
    assert "wrote digits-samples.png" in printed
    with Image.open(work / "digits-samples.png") as sheet:
        assert sheet.height == 10 * 60 + 4
    told = run_json("data", "show", "digits", "--output", "other.png", "--columns", "3")
    assert told["counts"]["train"] == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert told["mean"] == [pytest.approx(4.884165)]
    assert told["sheet"] == "other.png"
    assert (work / "other.png").is_file()


@pytest.mark.parametrize("name", ["spirals", "circles", "shapes"])
def test_show_draws_what_is_generated(work: Path, name: str):
    assert run_json("data", "show", name)["images"] == {"train": 2000, "test": 500}


def test_show_takes_files_with_their_labels(work: Path):
    write_idx(work / "a.gz", pixels(9, 8, 8))
    write_idx(work / "b", labels(9))
    assert run_json("data", "show", "a.gz", "--labels", "b")["shape"] == [1, 8, 8]
    refused(run("data", "show", "a.gz"), 3, "E520")


def test_show_names_the_pictures_that_it_skips(work: Path):
    for name in ("cat", "dog"):
        (work / "pets" / name).mkdir(parents=True)
        Image.new("RGB", (9, 5)).save(work / "pets" / name / "a.png")
    Image.new("RGB", (9, 6)).save(work / "pets" / "cat" / "b.png")
    (work / "pets" / "cat" / "c.txt").write_text("no")
    refused(run("data", "show", "pets"), 3, "E510")
    done = run("data", "show", "pets", "--resize", "8x8")
    assert done.exit_code == 0
    assert "c.txt" in done.stderr
    refused(run("data", "show", "pets", "--resize", "8x8", "--strict"), 3, "E512")


def test_show_takes_a_bundled_spec_by_its_name(work: Path):
    told = run_json("data", "show", "digits_plateau")
    assert told["images"] == run_json("data", "show", bundled_specs()["digits_plateau"])["images"]
    assert set(told["images"]) == {"train", "validation"}
    assert run_json("data", "show", "digits_plateau", "--set", "data.take=100")["images"]["train"] == 80
    assert set(run_json("data", "show", "digits")["images"]) == {"train"}
    done = run("data", "show", "digits_platau")
    refused(done, 3, "E502")
    assert "did you mean `digits_plateau`?" in done.stderr


def test_show_takes_what_a_spec_trains_on(work: Path):
    (work / "n.net").write_text("net n { input 1x8x8; dense 2 }\ndata digits classes=(3 8) validate=0.5\n")
    told = run_json("data", "show", "n.net")
    assert told["class_names"] == ["3", "8"]
    assert set(told["images"]) == {"train", "validation"}
    (work / "m.net").write_text("net n { input 1x8x8; dense 2 }\n")
    refused(run("data", "show", "m.net"), 2, "E525")


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        (("show", "digitz"), 3, "E502"),
        (("show", "mnist"), 3, "E501"),
        (("show", "digits", "--resize", "8"), 2, "E526"),
        (("fetch", "minst"), 2, "E524"),
        (("show", "digits", "--output", "none/a.png"), 3, "E540"),
    ],
)
def test_mistakes_get_their_code_and_status(words: tuple[str, ...], status: int, code: str):
    refused(run("data", *words), status, code)


PART = np.random.default_rng(1).integers(0, 256, 100_000, np.uint8).tobytes()


def toy(url: str) -> Published:
    file = File("toy.bin", len(PART), hashlib.md5(PART, usedforsecurity=False).hexdigest(), unpack=False)
    return Published("toy", "toy", "cifar10", (1, 2, 2), (1,), 1, ("a",), ("toy",), (file,), (url,), "free")


def test_fetch_downloads_once_and_tells_where(work: Path, monkeypatch: pytest.MonkeyPatch):
    conduct = Conduct({"toy.bin": PART})
    with serving(conduct) as url:
        monkeypatch.setitem(PUBLISHED, "toy", toy(url))
        done = run("data", "fetch", "toy", "digits", "--data-dir", work / "sets")
        assert done.exit_code == 0, done.stderr
        assert done.stderr == ""
        assert f"1 file downloaded to {work / 'sets' / 'toy'}" in done.stdout
        assert "comes with netspec" in done.stdout
        assert run_json("data", "fetch", "toy", "--data-dir", work / "sets")["datasets"][0]["files"] == []
    assert (work / "sets" / "toy" / "toy.bin").read_bytes() == PART
    assert len(conduct.requests) == 1


def test_fetch_into_the_cache_when_no_folder_is_named(work: Path, monkeypatch: pytest.MonkeyPatch):
    with serving(Conduct({"toy.bin": PART})) as url:
        monkeypatch.setitem(PUBLISHED, "toy", toy(url))
        place = Path(run_json("data", "fetch", "toy")["datasets"][0]["place"])
    assert place.is_relative_to(work / "cache")
    assert (place / "toy.bin").read_bytes() == PART


def test_fetch_does_not_download_what_another_place_has(work: Path, monkeypatch: pytest.MonkeyPatch):
    write_mnist(work / "shared" / "mnist")
    monkeypatch.setenv("NETSPEC_DATA", str(work / "shared"))
    assert f"already in {work / 'shared' / 'mnist'}" in run("data", "fetch", "mnist").stdout


def test_ctrl_c_tells_that_what_came_is_kept(work: Path, monkeypatch: pytest.MonkeyPatch):
    def stop(*_: object, **__: object) -> tuple[str, ...]:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "fetch", stop)
    done = run("data", "fetch", "mnist", "--data-dir", work)
    assert done.exit_code == 130
    assert "the same command goes on from there" in done.stderr


def test_an_offline_machine_is_told_what_to_put_where(work: Path, monkeypatch: pytest.MonkeyPatch):
    with serving(Conduct({})) as url:
        pass
    monkeypatch.setitem(PUBLISHED, "toy", toy(url))
    done = run("data", "fetch", "toy", "--data-dir", work)
    refused(done, 3, "E521")
    assert f"put `toy.bin` into `{work / 'toy'}`" in done.stderr


def test_the_answer_in_json_is_one_object(work: Path):
    done = process("data", "show", "digits", "--json", cwd=work)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["white"] == 16
    assert done.stderr == ""


AUGMENTING = "net n {\ninput 1x8x8\ndense 10\n}\ndata digits\n"


def test_a_spec_shows_what_training_makes_of_images(work: Path):
    (work / "turned.net").write_text(f"{AUGMENTING}augment {{ rotate 20; crop 8x8 pad=1 }}\n")
    run("data", "show", "turned.net", "--augment", "--columns", "4", "--set", "augment.noise=0.1")
    with Image.open(work / "turned-augmented.png") as sheet:
        assert sheet.height == 10 * 60 + 4
        assert 4 * 60 < sheet.width < 5 * 60


def test_a_spec_that_augments_nothing_has_no_variants_to_show(work: Path):
    (work / "plain.net").write_text(AUGMENTING)
    refused(run("data", "show", "plain.net", "--augment"), 2, "E528")
    assert not (work / "plain-augmented.png").exists()


def test_overrides_need_a_spec():
    refused(run("data", "show", "digits", "--set", "data.take=3"), 2, "E527")


def test_overrides_change_what_is_shown(work: Path):
    (work / "few.net").write_text(AUGMENTING)
    assert run_json("data", "show", "few.net", "--set", "data.take=30")["images"]["train"] == 30


def scans(root: Path, make: Callable[[int], np.ndarray], suffix: str = ".tiff") -> Path:
    """Four pictures a class, of whatever numbers."""
    for number in range(8):
        path = root / "ab"[number // 4] / f"{number}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(make(number)).save(path)
    return root


def test_show_tells_the_range_beside_black_and_white(work: Path):
    scans(work / "scans", lambda number: np.full((4, 4), 500 * number, np.uint16))
    printed = run("data", "show", "scans").stdout
    assert "range  0 to 3500  (black is 0, white is 65535)" in printed
    told = run_json("data", "show", "scans")
    assert (told["range"], told["black"], told["white"], told["dtype"]) == ([0, 3500], 0, 65_535, "float32")
    assert "`white=4095`" in told["notices"][0]
    told = run_json("data", "show", "digits")
    assert (told["range"], told["black"], told["white"]) == ([0, 16], 0, 16)


def test_show_tells_where_nothing_says_what_is_white(work: Path):
    np.savez(work / "a.npz", images=np.linspace(-1, 1, 96).reshape(6, 4, 4), labels=labels(6))
    assert "range  -1 to 1  (nothing tells what is black and white)" in run("data", "show", "a.npz").stdout
    told = run_json("data", "show", "a.npz")
    assert (told["range"], told["black"], told["white"]) == ([-1, 1], None, None)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda number: np.array([[0, 100], [200, 248 + number]], np.int32), "int32 from 0 to 255"),
        (lambda number: np.full((2, 2), 10.5 * number, np.float32), "float32 from 10.5 to 73.5"),
        (lambda number: np.zeros((2, 2), np.int32), "int32 from 0 to 0"),
        (lambda number: np.full((2, 2), -number, np.int16).astype(np.int32), "int32 from -7 to 0"),
    ],
)
def test_pictures_whose_white_nothing_tells_are_refused_with_their_range(work: Path, make, told: str):
    done = run("data", "show", scans(work / "scans", make))
    refused(done, 3, "E558")
    assert told in done.stderr
    repair = re.search(r"for example `([^`]*)`", done.stderr)
    assert repair
    spec = f'net n {{ input 1x2x2; dense 2 }}\ndata "scans" {repair[1]}\n'
    (work / "n.net").write_text(spec)
    shown = run_json("data", "show", "n.net")
    assert shown["white"] > shown["black"]


def test_precision_beyond_eight_bits_reaches_the_net(work: Path):
    scans(work / "scans", lambda number: np.array([[0, 100], [200, 255]], np.int32))
    data = load(DataOptions("scans", is_path=True, white=255.0), shape=(1, 2, 2))
    assert data.train.images[0].tolist() == [[[0, 100], [200, 255]]]
    scans(work / "fine", lambda number: np.arange(4, dtype=np.uint16).reshape(2, 2) + 4092 - number)
    for held_bytes in (0, 1 << 30):
        data = load(DataOptions("fine", is_path=True), shape=(1, 2, 2), held_bytes=held_bytes)
        for number, image in enumerate(data.train.images[:]):
            assert image.ravel().tolist() == [4092 - number + k for k in range(4)]


def test_a_folder_of_eight_and_sixteen_bits_has_one_scale(work: Path):
    whites = (("a/0.png", 255, np.uint8), ("a/1.png", 65_535, np.uint16), ("b/0.tiff", 1.0, np.float32))
    for name, value, dtype in whites:
        (work / "mixed" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((2, 2), value, dtype)).save(work / "mixed" / name)
    data = load(DataOptions("mixed", is_path=True), shape=(1, 2, 2))
    assert data.levels == Levels(0, 1, "float")
    assert (data.train.images[:] == 1).all()


def test_ambiguous_axes_are_told_and_settled(work: Path):
    images = pixels(6, 3, 3, 3)
    np.savez(work / "a.npz", images=images, labels=labels(6))
    (work / "n.net").write_text('net n { input 3x3x3; dense 3 }\ndata "a.npz"\n')
    done = run("data", "show", "n.net")
    assert done.exit_code == 0, done.stderr
    assert "read channels first" in done.stderr
    for axes, wanted in (("nchw", images), ("nhwc", np.moveaxis(images, 3, 1))):
        told = run("data", "show", "n.net", "--set", f"data.axes={axes}")
        assert "channels first" not in told.stderr
        data = load(DataOptions("a.npz", is_path=True, axes=axes), shape=(3, 3, 3))
        np.testing.assert_array_equal(data.train.images, wanted)
    refused(run("data", "show", "n.net", "--set", "data.format=folder", "--set", "data.axes=nchw"), 3, "E560")


def test_show_warns_of_classes_without_images(work: Path):
    (work / "letters").mkdir()
    write_idx(work / "letters/train-images-idx3-ubyte", pixels(6, 4, 4))
    write_idx(work / "letters/train-labels-idx1-ubyte", labels(6) + 1)
    done = run("data", "show", "letters")
    assert "warning[W501]: the class `0` has no training image" in done.stderr
    assert "the class `0` has no training image" in run_json("data", "show", "letters")["notices"]
    (work / "n.net").write_text('net n { input 1x4x4; dense 1 }\ndata "letters" classes=(1 2) take=1\n')
    done = run("data", "show", "n.net")
    assert "W501" not in done.stderr
    assert "warning[W503]: `take` leaves no training image of the class" in done.stderr
    assert "warning[W502]: all training images are of one class" in done.stderr
    (work / "n.net").write_text('net n { input 1x4x4; dense 1 }\ndata "letters"\ntrain { loss squared_error }\n')
    assert "warning" not in run("data", "show", "n.net").stderr
