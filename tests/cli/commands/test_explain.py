"""`netspec explain` writes out a layer or an error code."""

import pytest

from netspec.diagnostics import catalogue
from tests.cli.harness import refused, run, run_json
from tests.conftest import Golden

LAYERS = [("lenet", "conv2"), ("lenet", "pool1"), ("lenet", "dense1"), ("cifar10_local", "local1")]


@pytest.mark.parametrize(("spec", "layer"), LAYERS)
def test_a_layer_reads_well(spec: str, layer: str, golden: Golden):
    done = run("explain", spec, layer)
    assert done.exit_code == 0
    golden(f"explain_{spec}_{layer}.txt", done.stdout)


def test_a_layer_stands_beside_its_rivals():
    said = run("explain", "lenet", "conv2").stdout
    assert all(number in said for number in ("25,050", "1,603,200", "9,219,200"))


def test_json_has_sums_and_rivals():
    got = run_json("explain", "lenet", "conv2")
    assert got["parameters"] == 25_050
    assert [rival["parameters"]["value"] for rival in got["rivals"]] == [25_050, 1_603_200, 9_219_200]
    assert {"what", "formula", "value"} == got["sums"][0].keys()


def test_an_unknown_layer_gets_a_suggestion():
    done = run("explain", "lenet", "con2")
    refused(done, 2, "E604")
    assert "`conv2`" in done.stderr


def test_without_a_layer_they_are_listed():
    done = run("explain", "lenet")
    refused(done, 2, "E604")
    assert "conv1, pool1, conv2" in done.stderr


@pytest.mark.parametrize("code", catalogue.codes())
def test_every_code_has_a_long_form_with_an_example(code: str):
    done = run("explain", code)
    assert done.exit_code == 0
    assert done.stdout.startswith(f"## {code}: ")
    assert "```" in done.stdout


def test_case_does_not_matter():
    assert run("explain", "e601").stdout == run("explain", "E601").stdout


def test_an_unknown_code_gets_a_suggestion():
    done = run("explain", "E699")
    refused(done, 2, "E605")
    assert "did you mean" in done.stderr


def test_a_code_as_json():
    assert run_json("explain", "E601")["code"] == "E601"
