"""`netspec count` prints tables, JSON, CSV and closed forms that agree."""

import csv
import json
import re
from io import StringIO
from pathlib import Path

import pytest

from netspec.cli.commands import count as command
from netspec.cli.experiment import load_experiment
from netspec.compiler import training_program
from netspec.counting.table import CONVENTIONS
from netspec.diagnostics.failure import DeviceError
from netspec.runtime.cpu.host import host_target
from tests.cli.harness import refused, run, run_json
from tests.conftest import Golden


@pytest.mark.parametrize("spec", ["lenet", "lecture", "mobilenet_v2", "cifar10_local"])
def test_the_table_reads_well(spec: str, golden: Golden):
    """Its memory is that of this machine's plan, so it is left out here."""
    done = run("count", spec)
    assert done.exit_code == 0
    assert re.search(
        r"^training memory: [\d,]+ bytes \([\d,.]+ [KMG]iB\) at batch \d+, as planned for", done.stdout, re.M
    )
    golden(f"count_{spec}.txt", re.sub(r"^training memory: .*", "training memory: …", done.stdout, flags=re.M))


@pytest.mark.parametrize("words", [("lecture",), ("lecture", "--with", "D=28"), ("lecture_mlp",)])
def test_closed_forms_read_well(words: tuple[str, ...], golden: Golden):
    done = run("count", "--symbolic", *words)
    assert done.exit_code == 0
    golden(f"symbolic_{'_'.join(words).replace('--with_', '').replace('=', '')}.txt", done.stdout)


def test_json_has_its_keys():
    got = run_json("count", "lenet")
    assert {"parameters", "macs", "flops", "memory_bytes", "layers", "conventions"} <= got.keys()
    keys = {"name", "kind", "line", "shape", "parameters", "macs", "activation_bytes", "receptive_field"}
    assert all(keys <= layer.keys() for layer in got["layers"])
    assert sum(layer["parameters"] for layer in got["layers"]) == got["parameters"] == 431_080
    assert sum(layer["macs"] for layer in got["layers"]) == got["macs"] == 2_293_000
    assert got["flops"] == 2 * got["macs"]
    assert CONVENTIONS in got["conventions"]


def test_memory_is_that_of_the_planned_step():
    planned = training_program(load_experiment("lenet"), host_target())
    got = run_json("count", "lenet")
    assert (got["memory_bytes"], got["memory_batch"]) == (planned.peak_bytes, 64)
    assert got["memory_target"] == host_target().name


def test_memory_follows_the_batch():
    small, large = (run_json("count", "lenet", "--set", f"train.batch={n}") for n in (16, 256))
    assert small["memory_bytes"] < large["memory_bytes"]
    assert (small["memory_batch"], large["memory_batch"]) == (16, 256)
    assert run_json("count", "lenet", "--set", "train.batch=all")["memory_batch"] == 64


def test_a_step_that_cannot_be_planned_is_said_so(monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object) -> None:
        raise DeviceError("E591", "the arena would take 3 TiB")

    monkeypatch.setattr(command, "training_program", refuse)
    got = run_json("count", "lenet")
    assert got["memory_bytes"] is None
    assert "3 TiB" in got["memory_note"]
    assert "no plan at batch 64, the arena would take 3 TiB" in run("count", "lenet").stdout


def test_csv_agrees_with_json():
    done = run("count", "lenet", "--csv")
    rows = list(csv.DictReader(StringIO(done.stdout)))
    layers = run_json("count", "lenet")["layers"]
    assert [row["name"] for row in rows] == [layer["name"] for layer in layers]
    assert [int(row["parameters"]) for row in rows] == [layer["parameters"] for layer in layers]
    assert [row["shape"] for row in rows] == ["x".join(map(str, layer["shape"])) for layer in layers]
    assert CONVENTIONS in done.stderr


def test_every_table_states_its_conventions():
    assert CONVENTIONS in run("count", "lenet").stdout
    assert CONVENTIONS in run("count", "--symbolic", "lecture").stdout
    assert run_json("count", "--symbolic", "lecture")["conventions"] == CONVENTIONS


def test_symbolic_json_has_form_value_and_count():
    got = run_json("count", "--symbolic", "lecture", "--with", "D=28")
    assert got["parameters"] == {"form": "21*K**2 + 3*D**2/S**6", "value": "561.75", "count": 552, "exact": False}
    assert [rounding["layer"] for rounding in got["roundings"]] == ["pool3"]


def test_forms_of_output_exclude_each_other():
    refused(run("count", "lenet", "--csv", "--symbolic"), 2, "E610")
    done = run("count", "lenet", "--csv", "--json")
    assert done.exit_code == 2
    assert json.loads(done.stdout)["diagnostics"][0]["code"] == "E610"


def test_a_library_cannot_be_counted(tmp_path: Path):
    (tmp_path / "l.net").write_text("let K = 3\n")
    refused(run("count", tmp_path / "l.net"), 1, "E607")


def test_parameters_can_be_set():
    assert run_json("count", "lecture", "--with", "D=28")["parameters"] == 552
    assert run_json("count", "lecture", "--with", "D=64")["parameters"] == 525 + 3 * 64


def test_a_failure_under_json_is_json_too(tmp_path: Path):
    (tmp_path / "b.net").write_text("net b { konv 3 3x3 }\n")
    done = run("count", tmp_path / "b.net", "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["diagnostics"]
    assert "konv" in done.stderr
