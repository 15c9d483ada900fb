"""`netspec evaluate`: a run, or a spec with weights, measured on what it has not learnt from."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import save_file

import netspec
from tests.cli.conftest import GREYS_SPEC
from tests.cli.harness import refused, run, run_json
from tests.cli.test_json import documented
from tests.data.samples import write_greys

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
    assert found.keys() == documented("`evaluate`")
    assert found["mean_absolute_error"] is found["root_mean_squared_error"] is None
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


TWO = """net m {{ input 1; dense {outputs} }}
data "two.npz" normalize=none test="two.npz"
train {{ loss {loss}; batch all; epochs 1 }}
"""


def given(folder: Path, text: str, images: list[list[float]], labels: list[int], weight: list[list[float]]) -> None:
    """Writes `m.net`, its data, and `m.safetensors` with this weight and no bias."""
    np.savez(folder / "two.npz", x_train=np.array(images, np.float32), y_train=np.array(labels, np.int32))
    (folder / "m.net").write_text(text)
    arrays = {"dense1.weight": np.array(weight, np.float32), "dense1.bias": np.zeros(len(weight), np.float32)}
    save_file(arrays, str(folder / "m.safetensors"))


def shown(folder: Path, pixel: float) -> dict:
    """What is predicted of a picture of one pixel, of bytes that stand for 0 to 1."""
    Image.new("L", (1, 1), round(255 * pixel)).save(folder / "a.png")
    (found,) = run_json("predict", "m.net", "--weights", "m.safetensors", "a.png")["predictions"]
    return found


@pytest.mark.parametrize("loss", ["squared_error", "binary_cross_entropy", "hinge"])
def test_one_output_is_judged_by_one_rule_everywhere(
    loss: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    above = 0.5 if loss == "squared_error" else 0.0
    images = [[above - 3], [above - 0.3], [above + 0.3], [above + 3], [1.0]]
    given(tmp_path, TWO.format(loss=loss, outputs=1), images, [0, 0, 1, 1, 1], [[1.0]])
    found = run_json("evaluate", "m.net", "--weights", "m.safetensors")
    assert found["accuracy"] == 1
    assert found["confusion"] == [[2, 0], [0, 3]]
    assert [row["recall"] for row in found["classes"]] == [1, 1]
    assert found["mean_absolute_error"] is found["root_mean_squared_error"] is None
    network = netspec.load("m.net")
    network.load_weights("m.safetensors")
    said = network.predict(np.array(images, np.float32))
    assert (said[:, 0] > 0.5).tolist() == [False, False, True, True, True]
    trained = run_json("train", "m.net", "--weights", "m.safetensors", "--run", "r", "--set", "train.sgd.rate=0")
    assert trained["train_accuracy"] == trained["test_accuracy"] == 1


@pytest.mark.parametrize("pair", [(17, 19), (40, 50), (-40, -50), (-200, -100), (1e-9, 2e-9), (0.1, 0.10000001)])
@pytest.mark.parametrize("loss", ["binary_cross_entropy", "cross_entropy", "squared_error", "hinge"])
def test_several_outputs_rank_by_logits_whatever_their_probabilities_round_to(
    pair: tuple[float, float], loss: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    logits = [list(pair), list(reversed(pair))]
    wanted = [int(pair[1] > pair[0]), int(pair[0] > pair[1])]
    text = TWO.format(loss=loss, outputs=2).replace("input 1", "input 2")
    given(tmp_path, text, logits, wanted, [[1.0, 0.0], [0.0, 1.0]])
    found = run_json("evaluate", "m.net", "--weights", "m.safetensors")
    assert found["accuracy"] == 1
    assert found["confusion"] == [[1, 0], [0, 1]]
    network = netspec.load("m.net")
    network.load_weights("m.safetensors")
    assert network.predict(np.array(logits, np.float32)).argmax(axis=1).tolist() == wanted
    predictor = network.predictor()
    assert [int(predictor(np.array([row], np.float32)).argmax()) for row in logits] == wanted


def test_predict_names_the_class_that_evaluate_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = TWO.format(loss="squared_error", outputs=1).replace("input 1", "input 1x1x1")
    given(tmp_path, text, [[[[0.2]]], [[[0.8]]], [[[1.0]]]], [0, 1, 1], [[1.0]])  # pyright: ignore
    dark, light = shown(tmp_path, 0.2), shown(tmp_path, 0.8)
    assert (dark["label"], light["label"]) == (0, 1)
    assert dark["probability"] == pytest.approx(0.8)
    assert light["probability"] == pytest.approx(0.8)
    assert dark["number"] is light["number"] is None
    # of two outputs as large as sigmoids of 1 in float32, the larger one is named
    text = TWO.format(loss="binary_cross_entropy", outputs=2).replace("input 1", "input 1x1x1")
    given(tmp_path, text, [[[[0.2]]], [[[1.0]]]], [0, 1], [[40.0], [50.0]])  # pyright: ignore
    found = shown(tmp_path, 1.0)
    assert [row["label"] for row in found["top"]] == [1]
    assert found["probability"] == 1


def test_a_regression_tells_numbers_and_how_far_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = TWO.format(loss="squared_error", outputs=1).replace("input 1", "input 1x1x1")
    images, labels = [[[[1.0]]], [[[0.5]]], [[[0.0]]], [[[0.75]]]], [3, 1, 0, 7]
    given(tmp_path, text, images, labels, [[4.0]])  # pyright: ignore
    found = run_json("evaluate", "m.net", "--weights", "m.safetensors")
    errors = [1.0, 1.0, 0.0, 4.0]
    assert found["mean_absolute_error"] == pytest.approx(np.mean(errors))
    assert found["root_mean_squared_error"] == pytest.approx(np.sqrt(np.mean(np.square(errors))))
    assert found["loss"] == pytest.approx(np.mean(np.square(errors)) / 2)
    for key in ("accuracy", "top5_accuracy", "calibration_error", "classes", "confusion"):
        assert found[key] is None
    said = run("evaluate", "m.net", "--weights", "m.safetensors").stdout
    assert "mean absolute error  1.5\n" in said
    assert "accuracy" not in said
    told = shown(tmp_path, 1.0)
    assert told["number"] == pytest.approx(4.0)
    assert [told[key] for key in ("class", "label", "probability", "top")] == [None] * 4
    assert run("predict", "m.net", "--weights", "m.safetensors", "a.png").stdout == "a.png: 4\n"
    network = netspec.load("m.net")
    network.load_weights("m.safetensors")
    assert network.predict(np.array([[[[0.5]]]], np.float32)).tolist() == [[2.0]]
    assert network.predictor()(np.array([[[[0.5]]]], np.float32)).tolist() == [[2.0]]


def test_a_regression_has_no_accuracy_while_it_trains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    given(tmp_path, TWO.format(loss="squared_error", outputs=1), [[1.0], [0.5], [0.0], [0.7]], [3, 1, 0, 7], [[4.0]])
    done = run("train", "m.net", "--run", "r")
    assert done.exit_code == 0, done.stderr
    assert "accuracy  " not in done.stdout.split("images/s")[1]
    assert "test     loss  " in done.stdout
    result = json.loads((tmp_path / "r/run.json").read_text())["result"]
    assert result["train_accuracy"] is result["test_accuracy"] is None
    assert result["test_loss"] is not None
    assert json.loads((tmp_path / "r/metrics.jsonl").read_text())["train_accuracy"] is None
    assert run_json("runs", ".")["runs"][0]["test_accuracy"] is None
    assert run_json("evaluate", "r")["mean_absolute_error"] > 0
    assert run_json("reproduce", "r")["equal"] is True


def test_outputs_that_are_no_numbers_are_measured_without_a_fall(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    given(tmp_path, TWO.format(loss="cross_entropy", outputs=2), [[1e38], [-1e38]], [0, 1], [[3e38], [3e38]])
    found = run_json("evaluate", "m.net", "--weights", "m.safetensors")
    assert found["loss"] is None
    assert run("evaluate", "m.net", "--weights", "m.safetensors").exit_code == 0


def counts(found: dict) -> dict[str, int]:
    assert found["accuracy"] == 1
    return {row["class"]: row["images"] for row in found["classes"]}


@pytest.mark.parametrize("names", [("dark", "light"), ("light",), ("grey", "light"), ("dark", "grey", "light")])
def test_classes_of_a_folder_are_matched_by_name(greys: Path, names: tuple[str, ...]) -> None:
    write_greys(greys / "others", names)
    wanted = {name: 8 if name in names else 0 for name in ("dark", "grey", "light")}
    assert counts(run_json("evaluate", "one", "--data", "others")) == wanted
    assert counts(run_json("evaluate", "one", "--set", f"data={greys / 'others'}")) == wanted
    spec = ("evaluate", "greys.net", "--weights", "one/weights.safetensors")
    assert counts(run_json(*spec, "--data", "others")) == wanted


def test_a_class_that_a_run_does_not_know_is_refused_with_both_sides(greys: Path) -> None:
    write_greys(greys / "others", ("dark", "pink", "light"))
    done = run("evaluate", "one", "--data", "others")
    refused(done, 3, "E548")
    assert "the net knows `dark`, `grey` and `light`" in done.stderr
    assert "the data have `dark`, `light` and `pink`" in done.stderr


def test_a_class_that_has_come_into_a_run_s_own_folder_moves_no_other(greys: Path) -> None:
    for part in ("train", "test"):
        (greys / "photos" / part / "black").mkdir()
    assert counts(run_json("evaluate", "one")) == {"dark": 8, "grey": 8, "light": 8}


def with_validation(folder: Path, *, test: bool) -> Path:
    """A folder with a validation part of its own: two images of each class, of the test part eight."""
    write_greys(folder, ("dark", "light"))
    if test:
        shutil.copytree(folder / "test", folder / "val")
        for path in folder.glob("val/*/[2-9].png"):
            path.unlink()
    else:
        (folder / "test").rename(folder / "val")
    return folder


@pytest.mark.parametrize("given", ["validate=0.25", "take=20 validate=0.25", "take=24 take_test=24"])
def test_another_folder_is_measured_by_the_parts_that_it_has(greys: Path, given: str) -> None:
    (greys / "own.net").write_text(GREYS_SPEC.replace('"photos"', f'"photos" {given}'))
    assert run("train", "own.net", "--run", "own").exit_code == 0
    with_validation(greys / "three", test=True)
    with_validation(greys / "two", test=False)
    for folder, part, images in (("three", "test", 16), ("two", "validation", 16)):
        found = run_json("evaluate", "own", "--data", folder)
        assert (found["part"], found["images"], found["accuracy"]) == (part, images, 1)
        measured = netspec.load("own", data=str(greys / folder)).evaluate()
        assert (measured.part, measured.scores.images) == (part, images)
    spec = ("evaluate", "own.net", "--weights", "own/weights.safetensors", "--data", "two")
    assert run_json(*spec)["images"] == 16
    told = run("evaluate", "own", "--data", "two").stderr
    assert ("holds nothing out: the data have a validation part of their own" in told) == ("validate" in given)
    assert ("takes nothing away from the test part: there is none" in told) == ("take_test" in given)
    assert "note" not in run("evaluate", "own").stderr
    if "validate" in given:
        (greys / "two.net").write_text(GREYS_SPEC.replace('"photos"', f'"two" {given}'))
        refused(run("train", "two.net"), 3, "E518")


def test_files_with_numbers_only_are_matched_by_number(greys: Path) -> None:
    dark, light = (np.array(Image.open(f"photos/test/{name}/0.png")) for name in ("dark", "light"))
    np.savez("mine.npz", x_train=[dark], y_train=[0], x_test=[light, dark, light], y_test=[2, 0, 2])
    assert counts(run_json("evaluate", "one", "--data", "mine.npz")) == {"dark": 1, "grey": 0, "light": 2}
    np.savez("mine.npz", x_train=[dark], y_train=[0], x_test=[light, dark, light], y_test=[3, 0, 2])
    refused(run("evaluate", "one", "--data", "mine.npz"), 3, "E548")
    names = ["light", "dark", "grey"]
    np.savez("mine.npz", x_train=[dark], y_train=[1], x_test=[light, dark], y_test=[0, 1], class_names=names)
    assert counts(run_json("evaluate", "one", "--data", "mine.npz")) == {"dark": 1, "grey": 0, "light": 1}


def test_classes_in_another_order_are_the_same_classes(greys: Path) -> None:
    for order in ("(2 0 1)", "(light grey dark)", "0..2"):
        found = run_json("evaluate", "one", "--set", f"data.classes={order}")
        assert counts(found) == {"dark": 8, "grey": 8, "light": 8}


@pytest.mark.parametrize("classes", ["(dark light)", "(2 0)", "light", "(light 1)"])
def test_a_run_is_measured_on_some_of_its_classes_as_on_a_folder_of_them(greys: Path, classes: str) -> None:
    names = ("dark", "grey", "light")
    asked = [names[int(word)] if word.isdigit() else word for word in classes.strip("()").split()]
    wanted = {name: 8 if name in asked else 0 for name in names}
    setting = f"data.classes={classes}"
    assert counts(run_json("evaluate", "one", "--set", setting)) == wanted
    assert counts(run_json("evaluate", "greys.net", "--weights", "one/weights.safetensors", "--set", setting)) == wanted
    found = netspec.load("one", set_=[setting]).evaluate()
    assert (found.scores.images, found.scores.accuracy) == (8 * len(asked), 1)
    (greys / "one/weights.safetensors").rename("w.safetensors")
    assert counts(run_json("evaluate", "greys.net", "--weights", "w.safetensors", "--set", setting)) == wanted


def test_classes_to_measure_that_are_not_there_are_refused(greys: Path) -> None:
    refused(run("evaluate", "one", "--set", "data.classes=(dark pink)"), 3, "E516")
    refused(run("evaluate", "one", "--set", "data.classes=(dark 0)"), 3, "E516")
    refused(run("evaluate", "one", "--set", "data.classes=(dark grey light 0)"), 1, "E407")
    (greys / "two.net").write_text(
        GREYS_SPEC.replace("dense 3", "dense 2").replace('"photos"', '"photos" classes=(1 2)')
    )
    assert run("train", "two.net", "--run", "two", "--set", "train.epochs=1").exit_code == 0
    assert run_json("evaluate", "two", "--set", "data.classes=2")["images"] == 8
    done = run("evaluate", "two", "--set", "data.classes=dark")
    refused(done, 3, "E516")
    assert "the net knows `grey` and `light`" in done.stderr
    for path in (greys / "photos/test/dark").iterdir():
        path.unlink()
    done = run("evaluate", "one", "--set", "data.classes=dark")
    refused(done, 3, "E516")
    assert "no image of the test part" in done.stderr


def test_fewer_classes_are_measured_and_not_trained(trained: dict) -> None:
    words = ("data.classes=(3 5)",)
    whole, some = run_json("evaluate", "one"), run_json("evaluate", "one", "--set", *words)
    kept = [row if name in (3, 5) else [0] * 10 for name, row in enumerate(whole["confusion"])]
    assert some["confusion"] == kept  # they are those of the validation part, none that has been trained on
    refused(run("train", "small.net", "--set", *words), 1, "E407")
    network = netspec.load("one", set_=words)
    assert network.evaluate().scores.images == some["images"] == sum(map(sum, kept))
    for given in ({}, {"run": "one", "resume": True, "force": True}):
        with pytest.raises(netspec.SpecError) as caught:
            network.train(**given)
        assert caught.value.code == "E407"


def test_fewer_classes_are_measured_only_where_it_is_known_which_outputs_they_have(trained: dict) -> None:
    Path("some.net").write_text(SPEC.replace("take=200", "classes=(3 5) take=200"))
    assert run_json("evaluate", "some.net", "--with", "K=6", "--weights", "one/weights.safetensors")["images"] == 40
    Path("one/weights.safetensors").rename("w.safetensors")
    refused(run("evaluate", "some.net", "--with", "K=6", "--weights", "w.safetensors"), 1, "E407")


def test_classes_that_a_run_has_kept_are_kept_of_other_data(greys: Path) -> None:
    text = GREYS_SPEC.replace("dense 3", "dense 2").replace('"photos"', '"photos" classes=(1 2)')
    (greys / "two.net").write_text(text)
    assert run_json("train", "two.net", "--run", "two")["test_accuracy"] == 1
    write_greys(greys / "others", ("black", "dark", "grey", "light"))
    assert counts(run_json("evaluate", "two", "--data", "others")) == {"grey": 8, "light": 8}
    refused(run("evaluate", "two", "--data", "others", "--set", "data.classes=(0 3)"), 3, "E548")


def test_evaluation_calls_classes_as_prediction_does(greys: Path) -> None:
    write_greys(greys / "others", ("dark", "light"))
    rows = [row["class"] for row in run_json("evaluate", "one", "--data", "others")["classes"]]
    for name in ("dark", "light"):
        (told,) = run_json("predict", "one", f"others/test/{name}/0.png")["predictions"]
        assert (told["class"], rows[told["label"]]) == (name, name)


def test_weights_without_a_run_are_told_of_classes_that_the_data_lack(greys: Path) -> None:
    (greys / "one/weights.safetensors").rename(greys / "w.safetensors")
    write_greys(greys / "others", ("dark", "light"))
    words = ("evaluate", "greys.net", "--weights", "w.safetensors", "--data")
    assert "note: the net has 3 outputs, the data only 2 classes" in run(*words, "others").stderr
    write_greys(greys / "many", ("a", "b", "c", "d"))
    refused(run(*words, "many"), 3, "E515")
