"""`netspec runs`: a row a run, and what cannot be read is named."""

import json
import shutil
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from netspec.train.run.lock import RunLock
from tests.cli.harness import refused, run, run_json
from tests.cli.test_json import documented, documented_objects

SPEC = """net small { input 1x8x8; conv 4 3x3 relu; pool max 2x2; dense 10 }
data digits validate=0.2 take=200
train { sgd rate=0.05 momentum=0.9; batch 32; epochs 2 }
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with two runs in `runs`, the second broken off in its second epoch."""
    (tmp_path / "small.net").write_text(SPEC)
    monkeypatch.chdir(tmp_path)
    for name in ("second", "first"):
        run_json("train", "small.net", "--run", f"runs/{name}")
    change("runs/first", begun="2026-01-02T03:04:05")
    change("runs/second", begun="2026-01-03T03:04:05", status="interrupted", result={}, weights_sha256=None)
    metrics = Path("runs/second/metrics.jsonl")
    metrics.write_text(metrics.read_text().splitlines()[0] + "\n")
    return tmp_path


def change(folder: str, **values: object) -> None:
    """Changes what `run.json` says."""
    record = Path(folder, "run.json")
    record.write_text(json.dumps({**json.loads(record.read_text()), **values}))


def test_the_oldest_run_comes_first_and_each_has_its_row(here: Path) -> None:
    done = run("runs")
    assert done.exit_code == 0
    head, _, *rows = done.stdout.splitlines()
    assert "best valid." in head
    assert [row.split()[0] for row in rows] == ["first", "second"]
    assert "small" in rows[0]
    assert "digits" in rows[0]
    assert "finished" in rows[0]
    assert "2026-01-02 03:04" in rows[0]
    assert "interrupted" in rows[1]
    assert "1 of 2" in rows[1]


def test_programs_get_the_documented_keys(here: Path) -> None:
    found = run_json("runs")
    assert found.keys() == documented("`runs`")
    first, second = found["runs"]
    assert first.keys() == documented_objects("`runs`", "runs")
    result = json.loads((here / "runs/first/run.json").read_text())["result"]
    lines = [json.loads(line) for line in (here / "runs/first/metrics.jsonl").read_text().splitlines()]
    assert first["validation_accuracy"] == max(line["validation_accuracy"] for line in lines)
    assert (first["seconds"], first["epochs"], first["planned"]) == (result["seconds"], 2, 2)
    assert (second["folder"], second["status"], second["epochs"]) == ("runs/second", "interrupted", 1)
    assert second["test_accuracy"] is None
    (left,) = (json.loads(line) for line in (here / "runs/second/metrics.jsonl").read_text().splitlines())
    assert second["seconds"] == left["seconds"]


def test_the_date_is_when_the_run_began(here: Path) -> None:
    assert run_json("runs", "runs/first")["runs"][0]["begun"].startswith("2026-01-02T03:04:05")
    run_json("train", "small.net", "--run", "new")
    began = json.loads((here / "new/run.json").read_text())["begun"]
    change("new", begun=None)
    (listed,) = run_json("runs", "new")["runs"]
    apart = datetime.fromisoformat(listed["begun"]) - datetime.fromisoformat(began)
    assert 0 <= apart.total_seconds() < 60


def test_broken_and_foreign_folders_are_named_and_the_rest_is_listed(here: Path) -> None:
    for name, content in {"cut": "{", "list": "[]", "odd": '{"layout": 1, "begun": "yesterday"}'}.items():
        (here / "runs" / name).mkdir()
        (here / "runs" / name / "run.json").write_text(content)
    (here / "runs/photos").mkdir()
    (here / "runs/notes.txt").write_text("no folder")
    (here / "runs/gone").symlink_to("nowhere")
    done = run("runs")
    assert done.exit_code == 0
    assert "finished" in done.stdout
    assert all(f"runs/{name}" in done.stderr for name in ("cut", "list", "odd", "photos"))
    assert "Traceback" not in done.stderr
    found = json.loads(run("runs", "--json").stdout)
    assert len(found["runs"]) == 2
    codes = {Path(one["folder"]).name: one["code"] for one in found["unreadable"]}
    assert codes == {"cut": "E544", "list": "E544", "odd": "E544", "photos": "E462"}
    assert found["unreadable"][0].keys() == documented_objects("`runs`", "unreadable")


def test_without_runs_there_is_nothing_to_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("runs").stdout == "no runs in runs\n"
    assert run_json("runs", ".")["runs"] == []
    refused(run("runs", "nowhere"), 2, "E462")


def test_a_run_that_nobody_trains_any_more_is_killed(here: Path) -> None:
    change("runs/second", status="running")
    assert "killed" in run("runs").stdout
    with closing(RunLock(here / "runs/second")):
        found = run_json("runs")["runs"]
        assert [run["status"] for run in found] == ["finished", "running"]
    assert [run["status"] for run in run_json("runs")["runs"]] == ["finished", "killed"]
    assert json.loads((here / "runs/second/run.json").read_text())["status"] == "running"


def test_overrides_rate_and_seed_are_shown(here: Path) -> None:
    (here / "small.net").write_text(SPEC.replace("small {", "small(K=4) {").replace("conv 4", "conv K"))
    given = ("--with", "K=3", "--set", "train.sgd.rate=0.0125", "--set", "train.seed=77", "--set", "train.epochs=1")
    run_json("train", "small.net", "--run", "runs/third", *given, "--data", "digits")
    head, _, *rows = run("runs", "runs/third").stdout.splitlines()
    assert head.split()[-3:] == ["rate", "seed", "overrides"]
    assert rows[0].split()[-6:] == ["0.0125", "77", "K=3", "train.seed=77", "train.epochs=1", "train.sgd.rate=0.0125"]
    (found,) = run_json("runs", "runs/third")["runs"]
    assert (found["rate"], found["seed"]) == (0.0125, 77)
    assert found["overrides"] == ["K=3", "data=digits", "train.seed=77", "train.epochs=1", "train.sgd.rate=0.0125"]


def test_several_folders_are_runs_or_hold_some_and_each_run_comes_once(here: Path) -> None:
    (here / "more/first").parent.mkdir()
    shutil.copytree("runs/first", "more/first")
    found = run_json("runs", "runs", "runs/second", "more")
    assert [one["folder"] for one in found["runs"]] == ["more/first", "runs/first", "runs/second"]
    assert (found["folder"], found["folders"]) == (None, ["runs", "runs/second", "more"])
    rows = run("runs", "runs", "more").stdout.splitlines()[2:]
    assert [row.split()[0] for row in rows] == ["more/first", "runs/first", "runs/second"]
    assert run_json("runs", "runs")["folder"] == "runs"
    refused(run("runs", "runs", "nowhere"), 2, "E462")


ORDERS = {
    "run": ["first", "second", "third"],
    "status": ["first", "third", "second"],
    "epochs": ["second", "first", "third"],
    "rate": ["third", "first", "second"],
    "seed": ["second", "first", "third"],
    "validation": ["third", "second", "first"],
    "test": ["first", "third", "second"],
    "time": ["first", "third", "second"],
    "begun": ["first", "second", "third"],
    "net": ["first", "second", "third"],
    "data": ["first", "second", "third"],
}


@pytest.mark.parametrize(("order", "expected"), ORDERS.items())
def test_runs_are_sorted_by_what_is_asked_for(here: Path, order: str, expected: list[str]) -> None:
    shutil.copytree("runs/first", "runs/third")
    for name, rate, seed, accuracy, test in (
        ("first", 0.1, 2, 0.25, 0.9),
        ("second", 0.2, 1, 0.5, None),
        ("third", 0.05, 3, 0.75, 0.8),
    ):
        record = json.loads(Path("runs", name, "run.json").read_text())
        result = {**record["result"], "test_accuracy": test, "seconds": {"first": 1, "second": 9, "third": 5}[name]}
        identity = {**record["identity"], "train.sgd.rate": rate}
        change(f"runs/{name}", begun=f"2026-01-0{seed % 3 + 1}T00:00:00", seed=seed, identity=identity, result=result)
        metrics = Path("runs", name, "metrics.jsonl")
        lines = [json.loads(line) for line in metrics.read_text().splitlines()]
        texts = [json.dumps({**line, "validation_accuracy": accuracy}) for line in lines]
        metrics.write_text("\n".join(texts) + "\n")
    change("runs/first", begun="2026-01-01T00:00:00")
    change("runs/second", begun="2026-01-02T00:00:00")
    change("runs/third", begun="2026-01-03T00:00:00")
    assert [one["folder"].split("/")[1] for one in run_json("runs", "--sort", order)["runs"]] == expected
    known = [name for name in expected if order != "test" or name != "second"]
    turned = [one["folder"].split("/")[1] for one in run_json("runs", "--sort", order, "--reverse")["runs"]]
    if order not in {"status", "epochs", "net", "data"}:  # which have ties
        assert turned == [*reversed(known), *(name for name in expected if name not in known)]


def test_an_unknown_order_is_told_with_those_there_are(here: Path) -> None:
    done = run("runs", "--sort", "colour")
    assert done.exit_code == 2
    assert "validation" in done.stderr
