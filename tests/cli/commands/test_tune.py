"""`netspec tune` and `--tuning`."""

import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file

from netspec.bench.tune import MOST_COST
from netspec.cli.commands import evaluate, predict, tune
from netspec.runtime.device import Device, DeviceChoice, open_kept
from netspec.targets.cpu.cost_table import costs_hash, read_tuning, tuning_document, tuning_text
from netspec.targets.cpu.costs import SHIPPED, Costs
from netspec.train.run.folder import open_run
from netspec.train.use.trained import from_run
from tests.cli.harness import refused, run, run_json
from tests.cli.test_json import documented

NEVER = replace(SHIPPED, clearly=1e6)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table by which Winograd's algorithm never pays."""
    (tmp_path / "table.json").write_text(tuning_text(NEVER, {}))
    return tmp_path / "table.json"


def test_a_table_is_measured_and_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tune, "measure_costs", lambda target, cache_dir, progress: NEVER)
    told = run_json("tune", "--output", tmp_path / "t.json")
    assert set(told) == documented("`tune`")
    assert told["costs"] == asdict(NEVER) == json.loads((tmp_path / "t.json").read_text())["costs"]
    assert "winograd_input" in run("tune", "--output", tmp_path / "t.json").stdout
    assert [path.name for path in tmp_path.iterdir()] == ["t.json"]


@pytest.mark.slow
def test_a_table_measured_on_this_machine_is_whole_and_trains_a_net_by_it(tmp_path: Path):
    table = tmp_path / "t.json"
    told = run_json("tune", "--output", table)
    costs = read_tuning(table)
    assert asdict(costs) == told["costs"]
    assert all(0 <= cost <= MOST_COST for cost in asdict(costs).values())  # not NaN, either
    assert costs.clearly == SHIPPED.clearly
    assert max(asdict(replace(costs, clearly=0.0)).values()) > 0
    assert told["measured"]["fma_peak_gflops"] > 0

    words = ("train", "digits", "--set", "train.epochs=2", "--set", "data.take=64")
    assert run(*words, "--run", tmp_path / "shipped").exit_code == 0
    assert run(*words, "--run", tmp_path / "measured", "--tuning", table).exit_code == 0
    assert open_run(tmp_path / "measured").planned_by.costs == costs
    found, wanted = (load_file(tmp_path / name / "weights.safetensors") for name in ("measured", "shipped"))
    for name, array in wanted.items():
        np.testing.assert_allclose(found[name], array, rtol=0, atol=1e-4, err_msg=name)


def test_a_table_that_cannot_be_written_is_refused_before_anything_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(tune, "measure_costs", pytest.fail)
    refused(run("tune", "--output", tmp_path / "nowhere" / "t.json"), 3, "E540")


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_ctrl_c_leaves_the_table_that_was_there(
    words: tuple[str, ...], table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def stopped(*_: object) -> Costs:
        raise KeyboardInterrupt

    monkeypatch.setattr(tune, "measure_costs", stopped)
    before = table.read_bytes()
    done = run("tune", "--output", table, *words)
    assert (done.exit_code, done.stdout) == (130, "")
    assert table.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [table.name]


def test_a_named_table_chooses_algorithms(table: Path):
    def conv2(*more: object) -> list[str]:
        layers = run_json("compile", "lenet", "--for", "prediction", *more)["forecast"]["layers"]
        return next(layer["algorithms"] for layer in layers if layer["name"] == "conv2")

    assert conv2() == ["winograd"]
    assert conv2("--tuning", table) == ["direct"]


WORDS = [
    ("compile", "lenet"),
    ("train", "digits"),
    ("bench", "lenet"),
    ("evaluate", "runs/there-is-none"),
    ("predict", "runs/there-is-none", "image.png"),
]


@pytest.mark.parametrize("words", WORDS)
def test_a_broken_table_is_refused_where_it_is_broken(words: tuple[str, ...], table: Path):
    table.write_text(table.read_text().replace("1000000.0", "oops"))
    done = run(*words, "--tuning", table)
    refused(done, 3, "E547")
    assert f"{table.name}:4:" in done.stderr


def test_a_run_keeps_the_table_that_it_was_trained_with(table: Path, tmp_path: Path):
    words = ("train", "digits", "--set", "train.epochs=1", "--set", "data.take=64")
    assert run(*words, "--run", tmp_path / "run", "--tuning", table).exit_code == 0
    assert open_run(tmp_path / "run").planned_by.costs == from_run(tmp_path / "run").planned_by.costs == NEVER
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert record["device"]["tuning"]["hash"] == costs_hash(NEVER)
    record["device"]["tuning"]["costs"]["winograd_input"] = 1.0
    (tmp_path / "run" / "run.json").write_text(json.dumps(record))
    refused(run("evaluate", tmp_path / "run"), 3, "E544")


def weights(folder: str) -> bytes:
    return Path(folder, "weights.safetensors").read_bytes()


@pytest.mark.slow
def test_a_run_goes_on_and_is_reproduced_by_its_own_table(table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    words = ("train", "digits", "--set", "train.epochs=2", "--set", "data.take=64")
    assert run(*words, "--run", "plain").exit_code == 0
    assert run(*words, "--run", "whole", "--tuning", table, "--checkpoint-every", 1).exit_code == 0
    assert weights("plain") != weights("whole")
    table.unlink()
    assert run_json("reproduce", "whole")["equal"]

    shutil.copytree("whole", "cut")
    max(Path("cut", "checkpoints").glob("step-*")).unlink()
    record = Path("cut", "run.json")
    document = {**json.loads(record.read_text()), "status": "running", "result": {}}
    record.write_text(json.dumps(document))
    refused(run("train", "--resume", "cut", "--tuning", table), 3, "E547")
    done = run("train", "--resume", "cut")
    assert done.exit_code == 0, done.stderr
    assert weights("cut") == weights("whole")
    assert open_run(Path("cut")).planned_by.costs == NEVER

    document["device"]["tuning"] = tuning_document(replace(SHIPPED, winograd_input=7.0))
    record.write_text(json.dumps(document))
    done = run("train", "--resume", "cut")
    refused(done, 2, "E468")
    assert "`target.costs` has changed" in done.stderr


@pytest.mark.slow
def test_a_runs_weights_are_used_by_its_own_table_unless_another_is_named(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    planned: list[Costs | None] = []

    def watched(choice: DeviceChoice, kept: DeviceChoice) -> Device:
        planned.append(choice.over(kept).costs)
        return open_kept(choice, kept)

    few = ("--set", "train.epochs=1", "--set", "data.take=64")
    assert run("train", "digits", "--run", tmp_path / "run", "--tuning", table, *few).exit_code == 0
    (tmp_path / "shipped.json").write_text(tuning_text(SHIPPED, {}))
    Image.new("L", (8, 8)).save(tmp_path / "image.png")
    for module, words in ((evaluate, ()), (predict, (tmp_path / "image.png",))):
        monkeypatch.setattr(module, "open_kept", watched)
        command = (module.command.name, tmp_path / "run", *words)
        assert run(*command).exit_code == run(*command, "--tuning", tmp_path / "shipped.json").exit_code == 0
    assert planned == [NEVER, SHIPPED] * 2


def test_no_other_table_fits_beside_a_run_that_goes_on(table: Path):
    refused(run("train", "--resume", "runs/one", "--tuning", table), 2, "E610")
