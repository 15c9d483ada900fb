"""`netspec train`: a run folder, a table for people, one object for programs, and endings with their status."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file, save_file

import netspec
from tests.cli.conftest import GREYS_SPEC
from tests.cli.harness import HANGS_SECONDS, process, refused, run, run_json
from tests.data.samples import write_greys

SPEC = """net small { input 1x8x8; conv 4 3x3 relu; pool max 2x2; dense 10 }
data digits validate=0.2 take=200
train { sgd rate=0.05 momentum=0.9; batch 32; epochs 2 }
"""

EXPLODING = """net wild { input 1x8x8; dense 16 relu; dense 10 }
data digits
train { loss squared_error; sgd rate=2 momentum=0.9; batch 32; epochs 2; seed 3 }
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder with a small spec in it."""
    (tmp_path / "small.net").write_text(SPEC)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_run_says_what_it_does_and_leaves_a_folder(here: Path) -> None:
    done = run("train", "small.net", "--run", "one")
    assert done.exit_code == 0, done.stderr
    assert "small" in done.stdout
    assert "validation accuracy" in done.stdout
    assert done.stderr == ""
    files = {"small.net", "run.json", "metrics.jsonl", "curve.png", "checkpoints", "weights.safetensors"}
    assert {path.name for path in (here / "one").iterdir()} == files


def test_the_json_object_has_its_documented_keys_and_stands_alone(here: Path) -> None:
    done = run("train", "small.net", "--json", "--run", "one")
    found = json.loads(done.stdout)
    assert {"run", "epochs", "seconds", "train_loss", "validation_accuracy", "test_accuracy"} <= found.keys()
    assert (found["run"], found["epochs"], found["test_accuracy"]) == ("one", 2, None)
    assert 0 <= found["validation_accuracy"] <= 1
    kept = json.loads((here / "one/run.json").read_text())
    assert kept["result"] == {key: value for key, value in found.items() if key != "run"}
    weights = (here / "one/weights.safetensors").read_bytes()
    assert kept["weights_sha256"] == hashlib.sha256(weights).hexdigest()
    assert "epoch" in done.stderr


def test_stats_are_logged_and_shown_and_change_no_byte(here: Path) -> None:
    measured, plain = run("train", "small.net", "--run", "one", "--stats"), run("train", "small.net", "--run", "two")
    assert measured.exit_code == 0, measured.stderr
    assert "layer by layer, in a step near the end of epoch 2" in measured.stdout
    assert "|dw| / |w|" in measured.stdout
    assert "layer by layer" not in plain.stdout
    assert (here / "one/weights.safetensors").read_bytes() == (here / "two/weights.safetensors").read_bytes()
    lines = [json.loads(line) for line in (here / "one/metrics.jsonl").read_text().splitlines()]
    assert [[row["layer"] for row in line["layers"]] for line in lines] == [["input", "conv1", "pool1", "dense1"]] * 2
    assert lines[1]["layers"][1]["ratio"] > 0
    again = run("train", "small.net", "--run", "one", "--stats", "--json", "--force")
    assert json.loads(again.stdout)["epochs"] == 2


def test_two_runs_of_one_seed_are_equal_bytes_whatever_the_threads(here: Path) -> None:
    for folder, threads in (("one", 1), ("two", 2)):
        run_json("train", "small.net", "--run", folder, "--threads", threads)
    assert (here / "one/weights.safetensors").read_bytes() == (here / "two/weights.safetensors").read_bytes()


def test_a_run_without_a_folder_named_gets_one_of_its_own(here: Path) -> None:
    folders = {run_json("train", "small.net", "--set", "train.epochs=1")["run"] for _ in range(2)}
    assert len(folders) == 2
    assert all(folder.startswith("runs/small-") for folder in folders)


def test_a_folder_with_a_run_is_refused_and_forced(here: Path) -> None:
    run_json("train", "small.net", "--run", "one")
    refused(run("train", "small.net", "--run", "one"), 2, "E461")
    assert run_json("train", "small.net", "--run", "one", "--force", "--set", "train.epochs=1")["epochs"] == 1
    assert len((here / "one/metrics.jsonl").read_text().splitlines()) == 1


def test_nothing_is_written_when_something_is_wrong_beforehand(here: Path) -> None:
    refused(run("train", "small.net", "--set", "train.precision=bf16", "--run", "one"), 1, "E453")
    refused(run("train", "small.net", "--data", "circles", "--run", "one"), 1, "E514")
    refused(run("train", "small.net", "--data", "nowhere", "--run", "one"), 3, "E502")
    refused(run("train", "small.net", "--weights", "none.safetensors", "--run", "one"), 3, "E541")
    assert run("train", "small.net", "--set", "train.sgd.rat=0.1", "--run", "one").exit_code == 1
    assert not (here / "one").exists()


def test_a_spec_without_data_is_told_so(here: Path) -> None:
    (here / "plain.net").write_text("net plain { input 1x8x8; dense 10 }\n")
    refused(run("train", "plain.net"), 2, "E463")
    assert run_json("train", "plain.net", "--data", "digits", "--set", "train.epochs=1")["test_accuracy"] is None


def test_fine_tuning_starts_from_saved_weights(here: Path) -> None:
    first = run_json("train", "small.net", "--run", "one")
    again = run_json(
        "train", "small.net", "--weights", "one/weights.safetensors", "--run", "two", "--set", "train.sgd.rate=0"
    )
    assert again["validation_accuracy"] == first["validation_accuracy"]
    assert (here / "one/weights.safetensors").read_bytes() == (here / "two/weights.safetensors").read_bytes()


def test_a_training_that_diverges_ends_with_status_4(here: Path) -> None:
    done = run("train", "small.net", "--set", "train.sgd.rate=1e20", "--run", "one")
    assert done.exit_code == 4
    assert "error[E460]" in done.stderr
    assert "train.sgd.rate=" in done.stderr
    assert json.loads((here / "one/run.json").read_text())["status"] == "diverged"
    assert not (here / "one/weights.safetensors").exists()


def test_a_loss_that_explodes_is_warned_of_and_the_run_goes_on(here: Path) -> None:
    (here / "wild.net").write_text(EXPLODING)
    done = run("train", "wild.net", "--run", "one")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.count("warning[W402]: the loss has exploded by step ") == 1
    assert "  = help: " in done.stdout.split("warning[W402]")[1]


def test_a_dead_layer_is_warned_of_after_its_epoch(here: Path) -> None:
    (here / "small.net").write_text(SPEC.replace("conv 4 3x3 relu; pool max 2x2", "dense 8 relu"))
    run_json("train", "small.net", "--run", "one")
    weights = load_file("one/weights.safetensors")
    save_file({**weights, "dense1.bias": np.full(8, -1e6, np.float32)}, "dead.safetensors")
    done = run("train", "small.net", "--weights", "dead.safetensors", "--run", "two")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.count("warning[W401]: `dense1` is dead after epoch 1: every relu of it is off") == 1
    assert "  = help: " in done.stdout.split("warning[W401]")[1]
    assert "warning" not in run("train", "small.net", "--run", "three").stdout


FULL_DISK = """
import resource, sys
from netspec.__main__ import main
sys.dont_write_bytecode = True  # half a .pyc would break every later import
resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))
main()
"""


def test_a_full_disk_is_a_data_error_and_leaves_nothing_half_written(here: Path) -> None:
    (here / "small.net").write_text(SPEC.replace("conv 4", "conv 40"))
    words = ["train", "small.net", "--run", "one", "--set", "train.epochs=1"]
    done = subprocess.run([sys.executable, "-c", FULL_DISK, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stderr
    assert "error[E540]" in done.stderr
    assert {path.name for path in (here / "one").rglob("*.*")} == {"small.net", "run.json", "metrics.jsonl"}
    assert json.loads((here / "one/run.json").read_text())["status"] == "failed"


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_keeps_the_weights_and_says_where(here: Path, number: int, status: int) -> None:
    words = ["train", "small.net", "--run", "one", "--set", "train.epochs=1000000"]
    going = subprocess.Popen(
        [sys.executable, "-m", "netspec", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    waited = time.monotonic()
    while not (here / "one/metrics.jsonl").exists():
        assert going.poll() is None, going.communicate()
        assert time.monotonic() < waited + 100
        time.sleep(0.05)
    going.send_signal(number)
    _, said = going.communicate(timeout=HANGS_SECONDS)
    assert going.returncode == status, said
    assert "one/weights.safetensors" in said
    assert "Traceback" not in said
    assert json.loads((here / "one/run.json").read_text())["status"] == "interrupted"
    assert 0 <= run_json("evaluate", "one")["accuracy"] <= 1


@pytest.mark.slow
def test_digits_reach_97_percent_within_seconds(here: Path) -> None:
    done = process("train", "digits", "--json", cwd=here)
    found = json.loads(done.stdout)
    assert found["validation_accuracy"] >= 0.97
    assert found["seconds"] < 60


@pytest.mark.slow
@pytest.mark.skipif("NETSPEC_DATA" not in os.environ, reason="needs MNIST in NETSPEC_DATA")
def test_the_lecture_tells_zeros_from_ones(here: Path) -> None:
    assert run_json("train", "lecture", "--with", "D=28")["test_accuracy"] >= 0.995


NORMAL = "net n { input 1x8x8; dense 5; batchnorm; dense 10 }\ndata digits take=33\ntrain { batch 8; epochs 1 }\n"


def test_a_minibatch_of_one_number_a_channel_is_refused_wherever_it_comes_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "n.net").write_text(NORMAL)
    assert run("train", "n.net", "--run", "one").exit_code == 0  # its last minibatch is one image
    refused(run("train", "n.net", "--run", "two", "--set", "train.batch=1"), 1, "E410")
    refused(run("train", "n.net", "--run", "two", "--set", "data.take=1"), 1, "E410")
    assert not (tmp_path / "two").exists()
    spec = tmp_path / "one/n.net"
    spec.write_text(spec.read_text().replace("batch 8", "batch 1"))
    refused(run("train", "--resume", "one", "--force"), 1, "E410")
    refused(run("reproduce", "one", "--force"), 1, "E410")
    with pytest.raises(netspec.SpecError):
        netspec.load("n.net", set_=["train.batch=1"]).train()
    with pytest.raises(netspec.SpecError):
        netspec.load("one").train(run="one", resume=True, force=True)


def test_what_is_refused_for_training_alone_leaves_every_other_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    spec = tmp_path / "n.net"
    spec.write_text(NORMAL.replace("take=33", "take=33 validate=0.2"))
    assert run("train", "n.net", "--run", "one").exit_code == 0
    lone = spec.read_text().replace("batch 8", "batch 1")
    for changed in (spec, tmp_path / "one/n.net"):
        changed.write_text(lone)
    Image.new("L", (8, 8)).save("one.png")
    refused(run("check", "n.net"), 1, "E410")
    told = json.loads(run("check", "n.net", "--json").stdout)["diagnostics"]
    assert [(found["code"], found["line"]) for found in told] == [("E410", 3)]
    for words in (("count", "n.net"), ("compile", "n.net"), ("evaluate", "one"), ("predict", "one", "one.png")):
        assert run(*words).exit_code == 0, words
    assert run("evaluate", "n.net", "--weights", "one/weights.safetensors").exit_code == 0
    network = netspec.load("one")
    assert [found.code for found in network.check()] == ["E410"]
    assert network.evaluate().scores.images == 7
    assert network.predict(np.zeros((1, 8, 8), np.uint8)).shape == (1, 10)
    assert network.count().parameters == 395
    assert network.compile().batch == 1


FURTHER = ("train", "greys.net", "--weights", "one/weights.safetensors", "--run", "two", "--set", "train.epochs=1")


def test_weights_learn_on_with_the_classes_that_they_know(greys: Path) -> None:
    """What was right stays right: dark and light keep their outputs, though grey is missing."""
    write_greys(greys / "some", ("light", "dark"))
    done = run(*FURTHER, "--data", "some", "--set", "train.sgd.rate=0")
    assert "warning[W501]: the class `grey` has no training image" in done.stdout
    kept = json.loads((greys / "two/run.json").read_text())
    assert (kept["classes"], kept["result"]["test_accuracy"]) == (["dark", "grey", "light"], 1)
    assert run_json("evaluate", "two")["accuracy"] == 1
    assert run_json("reproduce", "two")["equal"]


def test_weights_are_not_trained_for_a_mixture_of_tasks(greys: Path) -> None:
    write_greys(greys / "others", ("dark", "light", "pink"))
    done = run(*FURTHER, "--data", "others")
    refused(done, 3, "E548")
    assert "the net knows `dark`, `grey` and `light`" in done.stderr
    assert not (greys / "two").exists()


def test_weights_are_trained_for_another_task_with_a_warning(greys: Path) -> None:
    write_greys(greys / "others", ("a", "b", "c"))
    done = run(*FURTHER, "--data", "others")
    assert "warning[W504]: the weights know none of the classes of the data" in done.stdout
    assert json.loads((greys / "two/run.json").read_text())["classes"] == ["a", "b", "c"]
    assert run("reproduce", "two").exit_code == 0


def test_classes_that_nothing_can_be_learnt_of_are_told(greys: Path) -> None:
    def told(*words: str) -> str:
        done = run("train", "greys.net", "--run", "two", "--force", "--set", "train.epochs=1", *words)
        assert done.exit_code == 0, done.stderr
        return done.stdout

    assert "warning" not in told()
    (greys / "photos/train/purple").mkdir()
    (greys / "photos/test/purple").mkdir()
    (greys / "greys.net").write_text(GREYS_SPEC.replace("dense 3", "dense 4"))
    assert "warning[W501]: the class `purple` has no training image" in told()
    taken = told("--set", "data.take=1")
    assert "warning[W503]: `take` leaves no training image of the classes" in taken
    assert "warning[W502]: all training images are of one class" in taken
    assert "warning[W503]: `take_test` leaves no test image of the class" in told("--set", "data.take_test=2")
    write_greys(greys / "single", ("dark",))
    assert "warning[W502]: all training images are of one class, `dark`" in told("--data", "single")


def test_labels_that_begin_at_one_are_told_and_the_advice_keeps_every_image(greys: Path) -> None:
    pictures = np.stack([np.array(Image.open(f"photos/train/{name}/0.png")) for name in ("dark", "grey", "light")])
    np.savez(greys / "mine.npz", images=pictures, labels=[1, 2, 3])
    words = ("train", "greys.net", "--data", "mine.npz", "--set", "train.epochs=1", "--run", "two")
    done = run(*words)
    refused(done, 3, "E515")
    assert "the labels begin at 1, and classes are counted from 0" in done.stderr
    assert "`classes=1..3`" in done.stderr
    done = run(*words, "--set", "data.classes=1..3")
    assert "3 training images" in done.stdout
    assert "warning" not in done.stdout


def test_the_classes_that_are_kept_are_told(greys: Path) -> None:
    (greys / "two.net").write_text("net two { input 1x8x8; dense 2 }\ndata digits classes=(0 1)\ntrain { epochs 1 }\n")
    told = run("train", "two.net", "--run", "two").stdout
    assert "of them the classes `0` and `1`: 360 training images" in told
