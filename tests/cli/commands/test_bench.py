"""`netspec bench` measures one thing at a time, and ignores nothing that it is told."""

import json
import platform

import numpy as np
import pytest

from netspec.bench import forecast
from netspec.cli import peers
from netspec.cli.commands.bench import TAKES, command
from tests.cli.harness import process, refused, run, run_json
from tests.cli.test_json import documented, documented_objects


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("lenet --layers --threads 2", "`--threads` does not go with `--layers`"),
        ("lenet --layers --against torch", "`--against` does not go with `--layers`"),
        ("lenet --layers --predict", "`--predict` does not go with `--layers`"),
        ("lenet --layers --rounds 3", "`--rounds` does not go with `--layers`"),
        ("lenet --layers --augment", "`--augment` does not go with `--layers`"),
        ("lenet --augment --threads 2", "`--threads` does not go with `--augment`"),
        ("lenet --augment --exact", "`--exact` does not go with `--augment`"),
        ("lenet --losses 3 --predict", "`--predict` does not go with `--losses`"),
        ("lenet --losses 3 --compile --against torch", "`--compile` does not go with `--losses`"),
        ("lenet --front-end", "`SPEC` does not go with `--front-end`"),
        ("--streaming --batch 3", "`--batch` does not go with `--streaming`"),
        ("digits --schedules --batch 3", "`--batch` does not go with `--schedules`"),
        ("digits --schedules --predict", "`--predict` does not go with `--schedules`"),
        ("lenet --compile", "`--compile` needs `--against`"),
        ("lenet --compile --predict --against onnxruntime", "`--compile` needs `--against torch`"),
        ("lenet --losses 3 --against openvino", "`--against openvino` does not go with `--losses`"),
        ("lenet --against onnxruntime", "`--against onnxruntime` needs `--predict`: ONNX Runtime runs no training"),
        ("lenet --against torch --against openvino", "`--against openvino` needs `--predict`"),
        ("lenet --data-size 5G", "`--data-size` needs `--streaming`"),
    ],
)
def test_what_would_be_ignored_is_refused(words: str, message: str):
    done = run("bench", *words.split())
    refused(done, 2, "E610")
    assert message in done.stderr


def test_every_option_goes_with_something():
    taken = {name for kind, names in TAKES.items() for name in (kind, *names)}
    assert {parameter.name for parameter in command.params} <= taken | {"as_json", "spelled_format"}


def test_a_default_that_is_written_out_contradicts_nothing(tmp_path):
    (tmp_path / "n.net").write_text("net n { input 4; dense 3 }\n")
    measured = run_json("bench", tmp_path / "n.net", "--layers", "--threads", 1, "--rounds", 7, "--batch", 16)
    assert measured["batch"] == 16


def test_what_augmentation_adds_is_set_against_what_is_promised(tmp_path):
    (tmp_path / "n.net").write_text("net n { input 1x12x9; dense 3 }\n")
    words = ("bench", tmp_path / "n.net", "--augment", "--batch", 16, "--rounds", 1)
    told = run_json(*words)
    assert told["of_promise"] == pytest.approx(told["share"] / 0.15)
    assert told["promised_share"] == 0.15
    assert "the promise for convnetjs_cifar10 is below 15%" in run(*words).stdout


def test_schedules_are_set_against_a_constant_rate_and_what_is_promised(tmp_path):
    (tmp_path / "n.net").write_text("net n { input 1x8x8; dense 10 }\ndata digits take=200\ntrain { batch 8 }\n")
    words = ("bench", tmp_path / "n.net", "--schedules", "--rounds", 1, "--threads", 2, "--set", "train.epochs=1")
    told = run_json(*words)
    assert {key: told[key] for key in ("spec", "threads", "epochs", "rounds")} == {
        "spec": "n",
        "threads": 2,
        "epochs": 1,
        "rounds": 1,
    }
    assert [row["schedule"] for row in told["schedules"]] == ["constant", "cosine", "onecycle"]
    assert all(row["seconds"] > row["python_seconds"] > 0 for row in told["schedules"])
    assert (told["schedules"][0]["times_whole"], told["schedules"][0]["times_python"]) == (1.0, 1.0)
    assert (told["promised_whole"], told["promised_python"]) == (1.05, 1.3)
    shown = run(*words).stdout
    assert "1 epochs of n, threads: 2; medians of 1 interleaved rounds" in shown
    assert "the promise for 30 epochs of digits is at most 1.05 and 1.3 times constant" in shown


def test_schedules_need_data(tmp_path):
    (tmp_path / "n.net").write_text("net n { input 4; dense 3 }\n")
    refused(run("bench", tmp_path / "n.net", "--schedules"), 2, "E463")


def test_schedules_need_labels_that_fit(tmp_path):
    np.save(tmp_path / "labels.npy", np.arange(20) % 5)
    np.save(tmp_path / "images.npy", np.zeros((20, 4, 4), np.uint8))
    (tmp_path / "n.net").write_text(f'net n {{ input 1x4x4; dense 3 }}\ndata "{tmp_path}/images.npy"\n')
    refused(run("bench", tmp_path / "n.net", "--schedules"), 3, "E515")


@pytest.mark.slow
def test_a_layer_that_is_faster_than_the_peak_is_told(tmp_path, monkeypatch):
    (tmp_path / "n.net").write_text("net n { input 64; dense 64; dense 3 }\n")
    words = ("bench", tmp_path / "n.net", "--layers", "--batch", 64)
    assert run_json(*words)["beyond_peak"] == {}
    monkeypatch.setattr(forecast, "core_peak_gflops", lambda _: 1.0)
    told = run_json(*words)["beyond_peak"]
    assert told["dense1"] > 1.05
    assert "`dense1` does its products directly at " in run(*words).stdout


def test_a_spec_is_needed():
    refused(run("bench", "--layers"), 2, "E620")


def test_a_measurement_tells_where_it_comes_from(tmp_path):
    (tmp_path / "n.net").write_text("net n { input 4; dense 3 }\n")
    words = ("bench", str(tmp_path / "n.net"), "--layers", "--batch", "16", "--json")
    told = json.loads(process(*words).stdout)["provenance"]
    assert told["arguments"] == list(words)
    assert told["processor"]
    assert told["logical_cores"] >= 1
    assert set(told["versions"]) == {"python", "netspec", "numpy", "numba", "torch", "onnxruntime", "openvino"}
    assert told["versions"]["python"] == platform.python_version()


@pytest.mark.parametrize(
    ("words", "missing", "title"),
    [
        ("--against torch", "torch", "PyTorch"),
        ("--losses 3", "torch", "PyTorch"),
        ("--predict --against torch --against onnxruntime", "onnxruntime", "ONNX Runtime"),
        ("--predict --against openvino", "openvino", "OpenVINO"),
        ("--predict --against openvino", "onnx", "ONNX"),
    ],
)
def test_what_is_not_installed_is_told(words: str, missing: str, title: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(peers, "find_module", lambda module: module != missing)
    done = run("bench", "lenet", *words.split())
    refused(done, 2, "E621")
    assert f"{title} is not installed" in done.stderr
    assert "pip install 'netspec[bench]'" in done.stderr


def test_an_unknown_peer_is_refused_with_those_that_there_are():
    done = run("bench", "lenet", "--predict", "--against", "tensorflow")
    assert done.exit_code == 2
    assert all(name in done.stderr for name in ("torch", "onnxruntime", "openvino"))


@pytest.mark.slow
def test_predictions_are_measured_beside_each_peer_that_is_named(tmp_path):
    for module in ("onnx", "onnxruntime", "openvino"):
        pytest.importorskip(module, reason=f"{module} is not installed (extra `bench`)")
    (tmp_path / "n.net").write_text("net n { input 1x6x6; conv 2 3 relu; dense 3 }\n")
    named = ("--against", "onnxruntime", "--against", "openvino", "--against", "onnxruntime")
    words = ("bench", tmp_path / "n.net", "--predict", "--batch", 2, "--rounds", 1, *named)
    told = run_json(*words)
    assert set(told) == documented("`bench`")
    assert [peer["peer"] for peer in told["peers"]] == ["onnxruntime", "openvino"]
    for peer in told["peers"]:
        assert set(peer) == documented_objects("`bench`", "peers")
        assert peer["ratio"] == pytest.approx(peer["seconds"] / told["netspec_seconds"])
        assert told["variants"][f"{peer['peer']}, {peer['variant']}"] == peer["seconds"] > 0
        assert peer["rss_bytes"] > 2**20
    assert (told["torch_seconds"], told["ratio"]) == (None, None)
    shown = run(*words).stdout
    assert "one prediction of n: 2 images" in shown
    assert all(f"median of {title}'s best variant" in shown for title in ("ONNX Runtime", "OpenVINO"))


@pytest.mark.slow
def test_threads_are_measured_beside_one_where_there_are_more(tmp_path):
    (tmp_path / "n.net").write_text("net n { input 4; dense 3 }\n")
    words = ("bench", tmp_path / "n.net", "--batch", 16, "--rounds", 1)
    assert "3 threads: " in run(*words, "--threads", 3).stdout
    alone = run_json(*words)
    assert alone["fma_peak_threads_gflops"] == alone["fma_peak_gflops"] > 0
    assert set(alone) == documented("`bench`")
