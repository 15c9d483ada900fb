"""`netspec reproduce`: a run is trained again from its folder alone, and every figure and bit compared."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from netspec.train.run.lock import RunLock
from tests.cli.harness import HANGS_SECONDS, refused, run, run_json
from tests.cli.test_json import documented

SPEC = """net small { input 1x8x8; conv 4 3x3 relu; pool max 2x2; dropout 0.2; dense 10 }
data digits validate=0.2 take=200
augment { shift 1 }
train { sgd rate=0.05 momentum=0.9; batch 32; epochs 3 }
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder with a finished run in `one`, whose spec is gone."""
    spec = tmp_path / "small.net"
    spec.write_text(SPEC)
    monkeypatch.chdir(tmp_path)
    run_json("train", "small.net", "--run", "one", "--set", "train.sgd.rate=0.04", "--threads", 1)
    spec.unlink()
    return tmp_path


def change(folder: Path, **values: object) -> None:
    """Changes what `run.json` says."""
    record = folder / "run.json"
    record.write_text(json.dumps({**json.loads(record.read_text()), **values}))


def test_a_run_comes_to_the_same_bits_and_nothing_is_written(here: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in here.rglob("*")}
    found = run_json("reproduce", "one", "--threads", 2)
    assert found.keys() == documented("`reproduce`")
    assert (found["equal"], found["differs_since"], found["differences"]) == (True, None, [])
    assert found["weights_sha256_now"] == found["weights_sha256"]
    assert {path: path.stat().st_mtime_ns for path in here.rglob("*")} == before
    done = run("reproduce", "one")
    assert done.exit_code == 0
    assert "one is reproduced: 3 epochs and the weights, to the bit" in done.stdout


def test_the_folder_that_is_named_is_that_of_the_new_run(here: Path) -> None:
    assert "run     kept nowhere\n" in run("reproduce", "one").stdout
    assert "run     two\n" in run("reproduce", "one", "--run", "two").stdout


def test_a_run_that_is_kept_can_be_reproduced_in_its_turn(here: Path) -> None:
    assert run_json("reproduce", "one", "--run", "two")["into"] == "two"
    assert (here / "one/weights.safetensors").read_bytes() == (here / "two/weights.safetensors").read_bytes()
    assert (here / "one/small.net").read_text() == (here / "two/small.net").read_text()
    shutil.rmtree(here / "one")
    assert run_json("reproduce", "two")["equal"]


def test_a_run_from_given_weights_starts_from_them_again(here: Path) -> None:
    (here / "small.net").write_text(SPEC)
    run_json("train", "small.net", "--weights", "one/weights.safetensors", "--run", "two")
    shutil.rmtree(here / "one")
    assert run_json("reproduce", "two")["equal"]


def test_other_figures_are_told_with_the_epoch_since_when(here: Path) -> None:
    metrics = here / "one/metrics.jsonl"
    lines = [json.loads(line) for line in metrics.read_text().splitlines()]
    was = lines[1]["train_loss"]
    lines[1]["train_loss"] = lines[2]["validation_loss"] = 1.5
    metrics.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    done = run("reproduce", "one")
    assert done.exit_code == 1
    assert "one is NOT reproduced: it differs since epoch 2" in done.stdout
    assert f"epoch 2: train_loss was 1.5 and is {was}" in done.stdout
    assert "validation_loss" not in done.stdout.split("NOT")[1]
    done = run("reproduce", "one", "--json")
    found = json.loads(done.stdout)
    assert (done.exit_code, found["equal"], found["differs_since"]) == (1, False, 2)
    assert found["differences"][0] == {"epoch": 2, "what": "train_loss", "was": 1.5, "now": was}
    assert {difference["epoch"] for difference in found["differences"]} == {2, 3}


def test_epochs_that_only_one_of_them_has_are_told(here: Path) -> None:
    metrics = here / "one/metrics.jsonl"
    first, *_ = metrics.read_text().splitlines()
    metrics.write_text(f"{first}\n{json.dumps({**json.loads(first), 'epoch': 9})}\n")
    found = json.loads(run("reproduce", "one", "--json").stdout)
    told = [(difference["epoch"], difference["was"], difference["now"]) for difference in found["differences"]]
    assert told == [(2, "not recorded", "trained"), (3, "not recorded", "trained"), (9, "recorded", "not trained")]


def test_other_weights_are_told_though_all_figures_agree(here: Path) -> None:
    change(here / "one", weights_sha256="0" * 64)
    done = run("reproduce", "one")
    assert done.exit_code == 1
    assert "it differs at the end" in done.stdout
    assert f"end: weights_sha256 was {'0' * 64} and is " in done.stdout


def test_a_file_of_weights_that_was_tampered_with_is_told(here: Path) -> None:
    weights = here / "one/weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    done = run("reproduce", "one", "--json")
    assert done.exit_code == 1
    assert [found["what"] for found in json.loads(done.stdout)["differences"]] == ["the file weights.safetensors"]


@pytest.mark.parametrize("fact", ["target.lanes", "version.numba", "data.train", "train.sgd.rate"])
def test_what_decides_the_bits_must_be_as_it_was_unless_forced(here: Path, fact: str) -> None:
    identity = json.loads((here / "one/run.json").read_text())["identity"]
    assert fact in identity
    change(here / "one", identity={**identity, fact: "another"})
    done = run("reproduce", "one", "--run", "two")
    refused(done, 2, "E469")
    assert fact in done.stderr
    assert not (here / "two").exists()
    assert run_json("reproduce", "one", "--force")["equal"]


def test_a_changed_spec_is_refused_and_when_forced_differs_from_the_first_epoch(here: Path) -> None:
    spec = here / "one/small.net"
    spec.write_text(spec.read_text().replace("momentum=0.9", "momentum=0.8"))
    done = run("reproduce", "one")
    refused(done, 2, "E469")
    assert "`train.sgd.momentum` was 0.9 and is 0.8" in done.stderr
    done = run("reproduce", "one", "--force", "--json")
    assert (done.exit_code, json.loads(done.stdout)["differs_since"]) == (1, 1)


def test_only_a_finished_run_can_be_reproduced(here: Path) -> None:
    change(here / "one", status="interrupted")
    refused(run("reproduce", "one"), 2, "E470")
    refused(run("reproduce", "nowhere"), 2, "E462")
    (here / "one/run.json").write_text("{")
    refused(run("reproduce", "one"), 3, "E544")


def test_a_run_that_is_not_finished_is_told_to_be_killed_or_to_be_trained(here: Path) -> None:
    change(here / "one", status="running")
    done = run("reproduce", "one")
    refused(done, 2, "E470")
    assert "`one` is not finished: it was killed" in done.stderr
    assert "`netspec train --resume one` brings it to its end" in done.stderr
    with closing(RunLock(here / "one")):
        done = run("reproduce", "one")
    refused(done, 2, "E470")
    assert "it is being trained right now" in done.stderr
    assert "wait for its end" in done.stderr


def test_a_folder_that_holds_a_run_is_refused_and_the_run_itself_even_when_forced(here: Path) -> None:
    shutil.copytree(here / "one", here / "two")
    refused(run("reproduce", "one", "--run", "two"), 2, "E461")
    assert run_json("reproduce", "one", "--run", "two", "--force")["equal"]
    before = (here / "one/run.json").read_bytes()
    refused(run("reproduce", "one", "--run", "./one", "--force"), 2, "E461")
    assert (here / "one/run.json").read_bytes() == before


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_between_two_steps(here: Path, number: int, status: int) -> None:
    spec = here / "one/small.net"
    spec.write_text(spec.read_text().replace("epochs 3", "epochs 1000000"))
    words = ["reproduce", "one", "--run", "two", "--force"]
    going = subprocess.Popen(
        [sys.executable, "-m", "netspec", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    waited = time.monotonic()
    while not (here / "two/metrics.jsonl").exists():
        assert going.poll() is None, going.communicate()
        assert time.monotonic() < waited + 100
        time.sleep(0.05)
    os.kill(going.pid, number)
    _, said = going.communicate(timeout=HANGS_SECONDS)
    assert going.returncode == status, said
    assert "Traceback" not in said
    assert "netspec train --resume two" in said


def test_a_run_that_diverged_is_shown_the_way_to_its_step_and_no_other(here: Path) -> None:
    (here / "wild.net").write_text(SPEC)
    assert run("train", "wild.net", "--run", "two", "--set", "train.sgd.rate=1e25").exit_code == 4
    done = run("reproduce", "two")
    refused(done, 2, "E470")
    assert "--replay" in done.stderr
    assert "--resume" not in done.stderr
