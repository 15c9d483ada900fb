"""`netspec runs`: a row a run, and what cannot be read is named."""

import json
from datetime import datetime
from pathlib import Path

import pytest

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
