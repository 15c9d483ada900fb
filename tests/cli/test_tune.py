"""`netspec tune` and `--tuning`."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from netspec.cli import tune
from netspec.ir.costs import SHIPPED
from netspec.train.run import open_run
from netspec.train.trained import from_run
from netspec.train.tuning import costs_hash, write_tuning
from tests.cli.harness import refused, run, run_json
from tests.cli.test_json import documented

NEVER = replace(SHIPPED, winograd_input=1e6)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table by which Winograd's algorithm never pays."""
    write_tuning(tmp_path / "table.json", NEVER, {})
    return tmp_path / "table.json"


def test_a_table_is_measured_and_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tune, "measure_costs", lambda target, cache_dir, progress: NEVER)
    told = run_json("tune", "--output", tmp_path / "t.json")
    assert set(told) == documented("`tune`")
    assert told["costs"] == asdict(NEVER) == json.loads((tmp_path / "t.json").read_text())["costs"]
    assert "winograd_input" in run("tune", "--output", tmp_path / "t.json").stdout
    refused(run("tune", "--output", tmp_path / "nowhere" / "t.json"), 3, "E540")


def test_a_named_table_chooses_algorithms(table: Path):
    def conv2(*more: object) -> list[str]:
        return run_json("compile", "lenet", "--for", "prediction", *more)["forecast"]["layers"][2]["algorithms"]

    assert conv2() == ["winograd"]
    assert conv2("--tuning", table) == ["direct"]


@pytest.mark.parametrize("words", [("compile", "lenet"), ("train", "digits"), ("bench", "lenet")])
def test_a_broken_table_is_refused(words: tuple[str, ...], table: Path):
    table.write_text(table.read_text().replace("1000000.0", "oops"))
    refused(run(*words, "--tuning", table), 3, "E547")


def test_a_run_keeps_the_table_that_it_was_trained_with(table: Path, tmp_path: Path):
    words = ("train", "digits", "--set", "train.epochs=1", "--set", "data.take=64")
    assert run(*words, "--run", tmp_path / "run", "--tuning", table).exit_code == 0
    assert open_run(tmp_path / "run").costs == from_run(tmp_path / "run").costs == NEVER
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert record["tuning"]["hash"] == costs_hash(NEVER)
    record["tuning"]["costs"]["winograd_input"] = 1.0
    (tmp_path / "run" / "run.json").write_text(json.dumps(record))
    refused(run("evaluate", tmp_path / "run"), 3, "E544")
