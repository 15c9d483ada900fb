"""`netspec evaluate`: a run, or a spec with weights, measured on what it has not learnt from."""

from pathlib import Path

import pytest

from tests.cli.harness import refused, run, run_json

SPEC = """net small(K=4) { input 1x8x8; conv K 3x3 relu; batchnorm; dense 10 }
data digits validate=0.2 take=200
train { batch 32; epochs 1 }
"""


@pytest.fixture
def trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict:
    """What training said; the run is in `one`."""
    (tmp_path / "small.net").write_text(SPEC)
    monkeypatch.chdir(tmp_path)
    return run_json("train", "small.net", "--with", "K=6", "--run", "one")


def test_a_run_scores_what_its_training_said(trained: dict) -> None:
    found = run_json("evaluate", "one")
    more = {"top5_accuracy", "calibration_error", "classes", "confusion", "png"}
    assert found.keys() == {"part", "images", "loss", "accuracy", *more}
    assert (found["part"], found["images"]) == ("validation", 40)
    assert found["accuracy"] == trained["validation_accuracy"]
    assert found["loss"] == trained["validation_loss"]


def test_a_run_needs_nothing_from_where_it_was_trained(
    trained: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "small.net").unlink()
    monkeypatch.chdir("/")
    assert run_json("evaluate", tmp_path / "one")["accuracy"] == trained["validation_accuracy"]


def test_a_spec_with_its_weights_scores_the_same(trained: dict) -> None:
    words = ("evaluate", "small.net", "--with", "K=6", "--weights", "one/weights.safetensors")
    assert run_json(*words)["loss"] == trained["validation_loss"]


def test_people_are_told_how_many_were_right(trained: dict) -> None:
    said = run("evaluate", "one").stdout
    assert "validation accuracy" in said
    assert "of 40 images" in said


def test_every_class_is_told_and_the_matrix_adds_up(trained: dict, tmp_path: Path) -> None:
    found = run_json("evaluate", "one")
    confusion = found["confusion"]
    assert sum(confusion[k][k] for k in range(10)) == round(found["accuracy"] * 40)
    assert [sum(row) for row in confusion] == [row["images"] for row in found["classes"]]
    assert sum(map(sum, confusion)) == 40
    assert found["accuracy"] <= found["top5_accuracy"] <= 1
    assert 0 <= found["calibration_error"] <= 1
    done = run("evaluate", "one", "--confusion", "matrix.png")
    assert all(word in done.stdout for word in ("recall", "precision", "calibration error", "taken for"))
    assert done.stdout.endswith("\nwrote matrix.png\n")
    assert (tmp_path / "matrix.png").read_bytes().startswith(b"\x89PNG")
    assert found["png"] is None
    assert run_json("evaluate", "one", "--confusion", "matrix.png")["png"] == "matrix.png"


def test_a_matrix_that_is_too_large_to_print_is_told_and_drawn(trained: dict, tmp_path: Path) -> None:
    (tmp_path / "many.net").write_text(SPEC.replace("dense 10", "dense 21"))
    run_json("train", "many.net", "--run", "many")
    done = run("evaluate", "many", "--confusion", "matrix.png")
    assert "taken for" not in done.stdout
    assert "the confusion matrix of 21 classes is not printed: `--confusion FILE.png` draws it" in done.stdout
    assert (tmp_path / "matrix.png").exists()


def test_a_matrix_that_cannot_be_drawn_is_told(trained: dict, tmp_path: Path) -> None:
    text = SPEC.replace("dense 10", "dense 1").replace("{ batch 32;", "{ loss squared_error;")
    (tmp_path / "number.net").write_text(text)
    run_json("train", "number.net", "--run", "number")
    done = run("evaluate", "number", "--confusion", "matrix.png")
    assert done.exit_code == 0
    assert "note: `matrix.png` is not written: the labels are no classes of the net" in done.stderr
    assert "wrote" not in done.stdout
    assert not (tmp_path / "matrix.png").exists()


def test_whether_a_matrix_can_be_written_is_known_before_anything_is_measured(trained: dict, tmp_path: Path) -> None:
    (tmp_path / "one/weights.safetensors").unlink()
    refused(run("evaluate", "one", "--confusion", "nowhere/matrix.png"), 3, "E540")


def test_other_data_can_be_named(trained: dict) -> None:
    assert run_json("evaluate", "one", "--set", "data.validate=0.5")["images"] == 100


def test_what_does_not_fit_is_refused(trained: dict, tmp_path: Path) -> None:
    refused(run("evaluate", "small.net"), 2, "E464")
    refused(run("evaluate", "small.net", "--weights", "one/weights.safetensors"), 3, "E542")
    refused(run("evaluate", "one", "--with", "K=4"), 2, "E466")
    refused(run("evaluate", "one", "--set", "data.validate=0"), 2, "E463")
    refused(run("evaluate", "."), 2, "E462")
    (tmp_path / "one/weights.safetensors").write_bytes(b"cut off")
    refused(run("evaluate", "one"), 3, "E541")
    (tmp_path / "one/run.json").write_text("{")
    refused(run("evaluate", "one"), 3, "E544")
