"""`netspec train --replay RUN` shows the step that diverged as the training saw it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from netspec.targets.cpu.cost_table import tuning_text
from netspec.targets.cpu.costs import SHIPPED
from tests.cli.harness import refused, run, run_json
from tests.cli.test_resume import SPEC

EXPLODING = ("--set", "train.sgd.rate=1e6", "--set", "train.schedule=constant")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder with a net that explodes, and what was said when it did."""
    text = SPEC.replace("EPOCHS", "3").replace("nobias; batchnorm relu", "relu")
    (tmp_path / "small.net").write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def explode(*more: object) -> str:
    done = run("train", "small.net", "--run", "one", *EXPLODING, *more)
    assert done.exit_code == 4, done.stderr
    return done.stderr


def test_a_replay_says_what_the_training_said(here: Path) -> None:
    said = explode()
    assert "netspec train --replay one" in said
    kept = json.loads((here / "one/run.json").read_text())
    files = {path: path.read_bytes() for path in (here / "one").rglob("*") if path.is_file()}
    error = said[said.index("error[E460]") :]
    for threads in ("1", "3"):
        done = run("train", "--replay", "one", "--threads", threads)
        assert done.exit_code == 4
        assert done.stderr == error
        assert "<- first" in done.stdout
        assert f"step {kept['result']['diverged']['step']:,} (epoch" in done.stdout
    assert files == {path: path.read_bytes() for path in (here / "one").rglob("*") if path.is_file()}


def test_a_replay_is_planned_by_the_table_that_the_run_keeps(here: Path) -> None:
    (here / "table.json").write_text(tuning_text(replace(SHIPPED, clearly=1e6), {}))
    said = explode("--tuning", here / "table.json")
    (here / "table.json").unlink()
    done = run("train", "--replay", "one")
    assert (done.exit_code, done.stderr) == (4, said[said.index("error[E460]") :])


def test_a_replay_as_json_is_what_the_run_kept(here: Path) -> None:
    explode()
    done = run("train", "--replay", "one", "--json")
    assert done.exit_code == 4
    document = json.loads(done.stdout)
    kept = json.loads((here / "one/run.json").read_text())["result"]["diverged"]
    assert {key: document[key] for key in kept} == kept
    assert [each["code"] for each in document["diagnostics"]] == ["E460"]
    assert kept["rate"] == 1e6
    assert kept["first"]["layer"] in {layer["name"] for layer in kept["layers"]} | {"loss"}


def test_the_error_names_layer_step_rate_and_sizes_and_tells_what_helps(here: Path) -> None:
    said = explode()
    for words in ("diverged in step", "learning rate of that step was 1e+06", "the largest weight before it was"):
        assert words in said
    for words in ("train.sgd.rate=100000", "warmup=1", "`batchnorm` behind a layer"):
        assert words in said


def drawn_too_large(amount: str) -> tuple[str, dict[str, Any]]:
    """What a training of weights so large says, and the first array that it names."""
    Path("large.net").write_text(
        f"net large {{ input 2; dense 16 relu init=normal({amount}); dense 2 }}\ndata circles count=100\n"
        "train { sgd rate=0.1; batch 20; epochs 1 }\n"
    )
    done = run("train", "large.net", "--run", "one")
    assert done.exit_code == 4
    assert run("train", "--replay", "one").stderr in done.stderr
    return done.stderr, json.loads(Path("one/run.json").read_text())["result"]["diverged"]["first"]


def test_weights_that_are_infinite_from_the_start_are_named_and_no_learning_rate_is_advised(here: Path) -> None:
    said, first = drawn_too_large("3e38")
    assert (first["name"], first["what"], first["value"]) == ("dense1.weight", "weight", "infinite")
    assert f"before step 1 (epoch 1): `dense1.weight` is infinite already, in {first['not_finite']} of its" in said
    assert "leave out `init`" in said
    assert "smaller learning rate" not in said


def test_the_learning_rate_is_not_blamed_for_what_breaks_before_a_step_has_moved_the_weights(here: Path) -> None:
    said, first = drawn_too_large("1e38")
    assert first["what"] == "activations"
    assert "in step 1 (epoch 1): activations of" in said
    assert "the learning rate has no part in it" in said
    assert "leave out `init`" in said
    assert "smaller learning rate" not in said


def test_a_replay_of_what_did_not_diverge_is_refused(here: Path) -> None:
    run_json("train", "small.net", "--run", "fine", "--set", "train.epochs=1")
    refused(run("train", "--replay", "fine"), 2, "E480")
    explode()
    (here / "one/diverged.safetensors").unlink()
    refused(run("train", "--replay", "one"), 2, "E480")


def test_a_damaged_state_is_told(here: Path) -> None:
    explode()
    file = here / "one/diverged.safetensors"
    file.write_bytes(file.read_bytes()[:-3])
    refused(run("train", "--replay", "one"), 3, "E545")


def test_what_has_changed_is_refused_unless_forced(here: Path) -> None:
    explode()
    spec = here / "one/small.net"
    spec.write_text(spec.read_text() + "\n# changed\n")
    refused(run("train", "--replay", "one"), 2, "E468")
    assert run("train", "--replay", "one", "--force").exit_code == 4


@pytest.mark.parametrize("words", [("small.net",), ("--run", "two"), ("--resume", "one"), ("--exact",)])
def test_nothing_that_changes_the_run_stands_beside_replay(here: Path, words: tuple[str, ...]) -> None:
    refused(run("train", "--replay", "one", *words), 2, "E610")


def test_a_new_run_in_the_folder_forgets_the_old_end(here: Path) -> None:
    explode()
    run_json("train", "small.net", "--run", "one", "--force", "--set", "train.epochs=1")
    assert not (here / "one/diverged.safetensors").exists()


def test_going_on_to_another_end_forgets_the_old_one(here: Path) -> None:
    spec = here / "small.net"
    spec.write_text(spec.read_text().replace("sgd rate=0.1 ", "sgd rate=1e6 "))
    assert run("train", "small.net", "--run", "one").exit_code == 4
    spec = here / "one/small.net"
    spec.write_text(spec.read_text().replace("sgd rate=1e6 ", "sgd rate=0.1 "))
    assert run_json("train", "--resume", "one", "--force")["epochs"] == 3
    assert not (here / "one/diverged.safetensors").exists()


def test_a_measurement_that_is_not_finite_is_replayed_too(here: Path) -> None:
    (here / "deep.net").write_text(
        "net deep { input 2; dense 8; dense 1 }\ndata circles count=100 validate=0.3\n"
        "train { sgd rate=1e25; batch all; epochs 1 }\n"
    )
    done = run("train", "deep.net", "--run", "one")
    assert done.exit_code == 4
    assert "as the validation images were measured" in done.stderr
    again = run("train", "--replay", "one")
    assert again.exit_code == 4
    assert again.stderr in done.stderr
    assert "30 images of the validation part" in again.stdout


@pytest.mark.parametrize("loss", ["cross_entropy", "hinge", "squared_error", "binary_cross_entropy"])
@pytest.mark.parametrize("rate", ["1e10", "1e25"])
def test_a_report_speaks_of_what_was_computed_and_of_no_library(here: Path, loss: str, rate: str) -> None:
    """As in a process of its own, where a warning of NumPy's would be printed."""
    words = ("--set", f"train.loss={loss}", "--set", f"train.sgd.rate={rate}", "--stats")
    said = explode(*words)
    assert "encountered" not in said
    assert "the largest gradient was 0, " not in said
    again = run("train", "--replay", "one")
    assert "encountered" not in again.stderr
    first = json.loads((here / "one/run.json").read_text())["result"]["diverged"]["first"]
    assert ("gradient was" in said) == (first["what"] in ("gradient", "weight gradient", "update"))
