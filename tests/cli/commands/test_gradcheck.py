from netspec.autodiff import rules
from netspec.autodiff.rules import Product
from netspec.ir import operations as ops
from tests.cli.harness import refused, run, run_json


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
