"""`netspec plot`: the curves of several runs in one picture."""

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.harness import refused, run, run_json
from tests.cli.test_json import documented
from tests.train.draw.test_curve import colours

SPEC = """net small { input 1x8x8; conv 4 3x3 relu; pool max 2x2; dense 10 }
data digits validate=0.2 take=200
train { sgd rate=0.05 momentum=0.9; batch 32; epochs 2 }
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with the runs `all` and `few`."""
    (tmp_path / "small.net").write_text(SPEC)
    monkeypatch.chdir(tmp_path)
    run_json("train", "small.net", "--run", "all", "--set", "train.batch=all")
    run_json("train", "small.net", "--run", "few")
    return tmp_path


@pytest.mark.parametrize("against", ["epochs", "images"])
def test_every_run_has_its_colour(here: Path, against: str) -> None:
    found = run_json("plot", "all", "few", "--png", "both.png", "--against", against)
    assert found.keys() == documented("`plot`")
    assert (found["png"], found["runs"], found["against"]) == ("both.png", ["all", "few"], against)
    seen = colours((here / "both.png").read_bytes())
    assert {(0x44, 0x77, 0xAA), (0xEE, 0x66, 0x77)} <= seen
    with Image.open(here / "both.png") as picture:
        assert picture.width > picture.height > 300


def test_one_run_is_drawn_without_a_name_for_the_file(here: Path) -> None:
    done = run("plot", "few")
    assert (done.exit_code, done.stdout) == (0, "wrote curves.png\n")
    assert (0xEE, 0x66, 0x77) not in colours((here / "curves.png").read_bytes())


def test_the_metrics_count_images_and_losses_within_an_epoch(here: Path) -> None:
    few, whole = (
        [json.loads(line) for line in (here / name / "metrics.jsonl").read_text().splitlines()]
        for name in ("few", "all")
    )
    assert [line["images"] for line in few] == [line["images"] for line in whole] == [160, 320]
    assert [len(line["train_losses"]) for line in few] == [5, 5]
    assert few[0]["train_loss"] == pytest.approx(sum(few[0]["train_losses"]) / 5, rel=1e-5)
    assert whole[1]["train_losses"] == [pytest.approx(whole[1]["train_loss"], rel=1e-5)]


def test_runs_of_one_name_are_told_apart_by_their_paths(here: Path) -> None:
    shutil.copytree(here / "few", here / "old/few")
    assert run_json("plot", "few", "old/few")["runs"] == ["few", "old/few"]


def test_runs_with_nothing_to_draw_are_left_out_and_told(here: Path) -> None:
    shutil.copytree(here / "few", here / "young")
    (here / "young/metrics.jsonl").unlink()
    shutil.copytree(here / "few", here / "old")
    lines = (json.loads(line) for line in (here / "few/metrics.jsonl").read_text().splitlines())
    kept = ({key: line[key] for key in line if key not in ("images", "train_losses")} for line in lines)
    (here / "old/metrics.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in kept))
    done = run("plot", "few", "young", "old", "--against", "images", "--json")
    assert json.loads(done.stdout)["runs"] == ["few"]
    assert "young is left out: it has no whole epoch yet" in done.stderr
    assert "old is left out: it was trained by a version that did not count images" in done.stderr
    assert run_json("plot", "old", "few")["runs"] == ["old", "few"]
    (here / "curves.png").unlink()
    refused(run("plot", "young"), 2, "E471")
    assert not (here / "curves.png").exists()


def test_what_is_no_run_is_refused(here: Path) -> None:
    refused(run("plot", "few", "nowhere"), 2, "E462")
    refused(run("plot", "few", "--png", "no/such/folder/x.png"), 3, "E540")
    assert run("plot").exit_code == 2
    assert run("plot", "few", "--against", "hours").exit_code == 2
