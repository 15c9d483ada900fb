"""`--data-memory` says where images are while a net trains, and changes nothing of what comes out."""

import json
import subprocess
import sys
from pathlib import Path
from time import sleep

import numpy as np
import pytest

import netspec
from netspec.bench.memory import anonymous_bytes
from netspec.bench.streaming import MAKERS
from netspec.data.picture_files import PictureFiles
from netspec.data.stored import Pixels, Rows
from tests.cli.harness import refused, run, run_json
from tests.cli.test_resume import same
from tests.data.stores import write_npy_set, write_pictures

SPEC = """net small { input 3x8x8; conv 4 3x3 nobias; batchnorm relu; dropout 0.2; dense 3 }
data "PLACE" validate=0.2
augment { crop 8x8 pad=1 }
train { sgd rate=0.05; batch 16; epochs 3 }
"""
FORMS = {"npy": write_npy_set, "pictures": write_pictures}
LIMITS = {"stored, then held": ("2K", "1G"), "held, then stored": ("1G", "2K")}


@pytest.fixture(params=FORMS)
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data set, and a spec that trains on it in the current folder."""
    place = FORMS[request.param](tmp_path)
    (tmp_path / "small.net").write_text(SPEC.replace("PLACE", str(place)))
    monkeypatch.chdir(tmp_path)
    return place


def cut_short(folder: str) -> None:
    """Lets a run say that it was killed after its first epoch."""
    record = Path(folder, "run.json")
    record.write_text(json.dumps({**json.loads(record.read_text()), "status": "running", "result": {}}))
    kept = sorted(Path(folder, "checkpoints").glob("step-*"))
    assert len(kept) == 3
    for path in kept[1:]:
        path.unlink()


@pytest.mark.parametrize("limits", LIMITS.values(), ids=LIMITS)
def test_a_run_goes_on_and_is_reproduced_with_another_limit(place: Path, limits: tuple[str, str]) -> None:
    run_json("train", "small.net", "--run", "whole")
    words = ("--checkpoint-every", 5, "--keep", 3)
    run_json("train", "small.net", "--run", "cut", "--data-memory", limits[0], *words)
    cut_short("cut")
    run_json("train", "--resume", "cut", "--data-memory", limits[1])
    assert same("whole", "cut")
    assert run_json("reproduce", "cut", "--data-memory", limits[0])["equal"]
    assert run_json("reproduce", "cut")["equal"]


def test_from_python_too(place: Path) -> None:
    network = netspec.load("small.net")
    ends = [network.train(run=f"run{limit}", data_memory=limit) for limit in (0, 1 << 30)]
    assert ends[0].training == ends[1].training
    assert same("run0", f"run{1 << 30}")
    assert network.evaluate(data_memory=0) == network.evaluate()


def test_a_step_that_diverged_is_taken_again_with_another_limit(place: Path) -> None:
    words = ("--run", "boom", "--data-memory", "2K", "--set", "train.sgd.rate=1e30")
    assert run("train", "small.net", *words).exit_code == 4
    limits = ((), ("--data-memory", "2K"))
    first, again = (run("train", "--replay", "boom", *limit) for limit in limits)
    assert (first.exit_code, again.exit_code) == (4, 4)
    assert first.stdout == again.stdout != ""


def test_time_that_was_waited_for_images_is_told_where_it_is_a_large_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decode = PictureFiles.read

    def slowly(source: PictureFiles, rows: Rows) -> Pixels:
        sleep(0.02)
        return decode(source, rows)

    monkeypatch.setattr(PictureFiles, "read", slowly)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.net").write_text(SPEC.replace("PLACE", str(write_pictures(tmp_path))))
    for limit in ("2K", "1G"):
        done = run("train", "small.net", "--run", limit, "--data-memory", limit)
        waited = [json.loads(line)["waited_seconds"] for line in Path(limit, "metrics.jsonl").read_text().splitlines()]
        seconds = [json.loads(line)["seconds"] for line in Path(limit, "metrics.jsonl").read_text().splitlines()]
        assert all(some <= of for some, of in zip(waited, seconds, strict=True))
        assert (min(waited) > 0) == (limit == "2K")
        assert ("was waited for images" in done.stdout) == (limit == "2K")
    assert same("2K", "1G")
    assert run_json("reproduce", "2K")["equal"]


@pytest.mark.parametrize("limit", ["2K", "1G"])
def test_a_data_set_that_has_changed_is_refused(place: Path, limit: str) -> None:
    run_json("train", "small.net", "--run", "one", "--data-memory", limit)
    record = Path("one/run.json")
    record.write_text(json.dumps({**json.loads(record.read_text()), "status": "running", "result": {}}))
    if place.is_dir():
        pictures = sorted(place.rglob("*.png"))
        pictures[3].write_bytes(pictures[4].read_bytes())
    else:
        images = np.load(place)
        images[3] = images[4]
        np.save(place, images)
    done = run("train", "--resume", "one")
    refused(done, 2, "E468")
    assert "`data.train` has changed" in done.stderr or "`data.validation` has changed" in done.stderr
    assert run("train", "--resume", "one", "--force").exit_code == 0


GROWTH = """
import sys, threading
import netspec
from netspec.bench.memory import anonymous_bytes

begun, seen, over = anonymous_bytes(), [], threading.Event()
def look():
    while not over.wait(0.005):
        seen.append(anonymous_bytes())
looking = threading.Thread(target=look, daemon=True)
looking.start()
netspec.load("large.net").train(run=sys.argv[1], data_memory=int(sys.argv[1]), threads=2)
over.set()
looking.join()
print(max(seen) - begun)
"""
"""Prints by how much anonymous memory grew while a net trained."""


@pytest.mark.slow
@pytest.mark.skipif(not anonymous_bytes(), reason="the system does not tell the anonymous memory of a process")
@pytest.mark.parametrize(("kind", "side"), [("npy", 32), ("cifar", 32), ("pictures", 384)])
def test_memory_does_not_grow_with_data_that_stay_in_their_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, side: int
) -> None:
    monkeypatch.chdir(tmp_path)
    data_bytes = 900_000_000
    place = MAKERS[kind](tmp_path, data_bytes // (3 * side * side), side)
    spec = f'net large {{ input 3x{side}x{side}; pool avg 8x8; dense 10 }}\ndata "{place}"\ntrain {{ epochs 1 }}\n'
    (tmp_path / "large.net").write_text(spec)
    stored, held = (
        int(
            subprocess.run(
                [sys.executable, "-c", GROWTH, limit], capture_output=True, text=True, timeout=200, check=True
            ).stdout
        )
        for limit in (str(1 << 24), str(1 << 30))
    )
    assert held > data_bytes
    assert stored < data_bytes / 2
    assert same(str(1 << 24), str(1 << 30))
