import re

import numpy as np
import pytest

from netspec.autodiff import rules
from netspec.autodiff.differentiate import gradients
from netspec.autodiff.rules import Product
from netspec.cli.commands import gradcheck
from netspec.diagnostics.failure import DeviceError
from netspec.ir import operations as ops
from netspec.runtime.cpu.machine import CpuMachine
from netspec.runtime.device import open_device
from tests.cli.harness import refused, run, run_json
from tests.kernels.backends import BACKENDS, opened
from tests.schedule.nets import bundled


def wrong_dense(op, node, dy):
    """The weight gradient of dense without its factor: the gradient of the weights is the weights."""
    return (Product((1,), None, (node.inputs[1],)),)


def test_a_bundled_spec_agrees_and_says_how_it_was_checked():
    done = run("gradcheck", "digits")
    assert done.exit_code == 0
    assert "digits: 8 gradients agree with finite differences" in done.stdout
    assert "checked end to end: each number moved, the loss computed anew" in done.stdout
    assert "conv2.weight" in done.stdout


def test_the_document_holds_a_row_a_parameter():
    found = run_json("gradcheck", "lecture", "--seed", "7")
    assert {key: found[key] for key in ("net", "loss", "agrees", "method", "seed", "frozen")} == {
        "net": "lecture",
        "loss": "binary_cross_entropy",
        "agrees": True,
        "method": "end to end",
        "seed": 7,
        "frozen": [],
    }
    assert [row["name"] for row in found["rows"]] == ["conv1.weight", "conv2.weight", "conv3.weight", "dense1.weight"]
    assert set(found["rows"][0]) == {
        *("name", "kind", "elements", "checked", "at_kinks", "largest_error", "agrees")
    }  # fmt: skip


def test_a_wrong_derivative_ends_with_status_1(monkeypatch):
    monkeypatch.setattr(rules, "RULES", {**rules.RULES, ops.Dense: wrong_dense})
    done = run("gradcheck", "lecture")
    assert done.exit_code == 1
    assert "DISAGREES" in done.stdout
    assert "lecture: 1 gradient disagrees with finite differences" in done.stdout


def test_frozen_layers_are_named(tmp_path):
    spec = tmp_path / "n.net"
    spec.write_text("net n { input 3; dense 4 tanh rate=0; dense 2 }\n")
    done = run("gradcheck", spec)
    assert done.exit_code == 0
    assert "frozen, so without a gradient: dense1.weight, dense1.bias" in done.stdout
    assert "n: 2 gradients agree" in done.stdout


def test_a_net_that_learns_nothing_has_no_gradient(tmp_path):
    spec = tmp_path / "n.net"
    spec.write_text("net n { input 3; tanh }\n")
    done = run("gradcheck", spec)
    assert done.exit_code == 0
    assert "n: training moves nothing, so there is no gradient to check" in done.stdout


def test_mistakes_of_the_spec_are_reported(tmp_path):
    spec = tmp_path / "n.net"
    spec.write_text("net n { input 3; dens 4 }\n")
    refused(run("gradcheck", spec), 1, "E201")


def test_without_a_device_no_kernel_runs(monkeypatch):
    monkeypatch.setattr(gradcheck, "open_device", None)
    assert run_json("gradcheck", "lecture")["device"] is None


def test_kernels_of_a_device_are_compared_with_float64():
    done = run("gradcheck", "digits", "--device", "cpu")
    assert done.exit_code == 0
    assert "digits: 8 gradients agree with finite differences" in done.stdout
    assert f"arrays agree with float64, computed in float32 by {open_device().description}" in done.stdout
    shown = done.stdout.split("largest relative difference")[1]
    assert "conv1.weight" in shown
    assert "pool2.gradient" not in shown


def test_the_variable_names_the_device(monkeypatch):
    monkeypatch.setenv("NETSPEC_DEVICE", "cpu")
    found = run_json("gradcheck", "lecture")["device"]
    assert {key: found[key] for key in ("name", "agrees", "tolerance")} == {
        "name": open_device().description,
        "agrees": True,
        "tolerance": 1e-3,
    }
    names = [row["name"] for row in found["rows"] if row["parameter"]]
    assert names == ["conv1.weight", "conv2.weight", "conv3.weight", "dense1.weight"]
    assert set(found["rows"][0]) == {"name", "parameter", "elements", "largest_error", "agrees"}


def test_kernels_of_a_gpu_are_compared(monkeypatch):
    device = opened(next(entry for entry in BACKENDS if entry.name == "cuda")).device()
    monkeypatch.setattr(gradcheck, "open_device", lambda choice: device if choice.kind == "cuda" else None)
    found = run_json("gradcheck", "lecture", "--device", "cuda")
    assert found["agrees"]
    assert found["device"]["name"] == device.description
    assert all(0 < row["largest_error"] < 1e-4 for row in found["device"]["rows"] if row["parameter"])


def gradient_names(spec):
    """Of all parameters."""
    net = bundled(spec)
    made = gradients(net.graph, net.train.loss)
    return {made.cotangents[parameter.value].name for parameter in net.graph.parameters}


@pytest.mark.parametrize("factor", [1.01, float("nan")])
def test_a_wrong_gradient_of_a_kernel_ends_with_status_1(monkeypatch, factor):
    read = CpuMachine.read
    wrong = gradient_names("lecture")
    spoiled = lambda self, name: read(self, name) * np.float32(factor if name in wrong else 1)  # noqa: E731
    monkeypatch.setattr(CpuMachine, "read", spoiled)
    done = run("gradcheck", "lecture", "--device", "cpu")
    assert done.exit_code == 1
    assert "lecture: 4 gradients agree with finite differences" in done.stdout
    assert "lecture: 4 arrays disagree with float64" in done.stdout
    assert len(re.findall("DISAGREES", done.stdout)) == 4
    done = run("gradcheck", "lecture", "--device", "cpu", "--json")
    assert done.exit_code == 1
    assert '"agrees": false' in done.stdout
    assert "NaN" not in done.stdout


def test_a_device_that_is_missing_is_told_before_anything_is_checked(monkeypatch):
    monkeypatch.setattr(gradcheck, "check_gradients", None)
    monkeypatch.setattr("netspec.runtime.cuda.gpu.open_api", _no_driver)
    refused(run("gradcheck", "lecture", "--device", "cuda"), 3, "E598")


def _no_driver():
    raise DeviceError("E598", "there is no driver of an NVIDIA GPU")
