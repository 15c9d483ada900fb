import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from netspec.cli import data as module
from netspec.data.published import PUBLISHED, File, Published
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
