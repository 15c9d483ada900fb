"""Run folders of layout 1, whose `run.json` told how programs were planned beside `device`, stay of use.

`tests/train/run/layout1` was written by netspec 0.1 before layout 2: small.net, stopped by Ctrl-C in its third epoch.
"""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from netspec.runtime.device import USUAL
from netspec.train.run.document import LAYOUT
from netspec.train.run.folder import open_run
from tests.cli.harness import refused, run, run_json

KEPT = Path(__file__).parents[1] / "train" / "run" / "layout1"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the run, as of another machine and version."""
    copy = tmp_path / "old"
    shutil.copytree(KEPT, copy)
    edit(copy, lambda document: document["identity"].update({"target.name": "older", "version.netspec": "0.0.1"}))
    return copy


def edit(folder: Path, change) -> None:
    document = json.loads((folder / "run.json").read_text())
    change(document)
    (folder / "run.json").write_text(json.dumps(document))


def test_it_is_of_layout_1() -> None:
    document = json.loads((KEPT / "run.json").read_text())
    assert (document["layout"], document["exact"], document["tuning"]) == (1, False, None)
    assert "device" not in document


def test_what_it_was_planned_by_is_read(folder: Path) -> None:
    assert open_run(folder).planned_by == USUAL
    edit(folder, lambda document: document.update(exact=True, tuning=None))
    assert open_run(folder).planned_by.exact


def test_it_is_measured_and_asked(folder: Path, tmp_path: Path) -> None:
    assert run_json("evaluate", folder)["images"] == 50
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / "image.png")
    (told,) = run_json("predict", folder, tmp_path / "image.png")["predictions"]
    assert told["top"][0]["class"] in "0123456789"


def test_it_is_drawn_and_listed(folder: Path, tmp_path: Path) -> None:
    assert run("filters", folder, "--png", tmp_path / "filters.png").exit_code == 0
    assert run("plot", folder, "--png", tmp_path / "curves.png").exit_code == 0
    assert run_json("runs", tmp_path)["runs"][0]["status"] == "interrupted"


def test_it_goes_on_where_that_is_forced(folder: Path) -> None:
    done = run("train", "--resume", folder)
    refused(done, 2, "E468")
    changed = re.findall(r"`(\S+)` (?:was|has changed)", done.stderr)
    assert {"target.name", "version.netspec"} <= set(changed)
    assert all(name.startswith(("target.", "version.")) for name in changed)
    assert run("train", "--resume", folder, "--force").exit_code == 0
    document = json.loads((folder / "run.json").read_text())
    assert (document["status"], document["result"]["epochs"]) == ("finished", 3)
    assert document["layout"] == LAYOUT
