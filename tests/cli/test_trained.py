"""Every command that uses a run takes one that has not ended, and says whose weights those are."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from netspec.train.run.checkpoint import checkpoint_paths
from tests.cli.harness import refused, run, run_json

SPEC = """net small { input 1x8x8; conv 4 3x3 relu; dense 10 }
data digits validate=0.2 take=200
train { sgd rate=0.05; batch 32; epochs 3 }
"""
COMMANDS = {
    "evaluate": ("evaluate", "one"),
    "predict": ("predict", "one", "image.png"),
    "filters": ("filters", "one", "--png", "filters.png"),
    "maps": ("filters", "one", "--image", "image.png", "--png", "maps.png"),
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with a picture, and in `one` a run as a kill behind its last step leaves it."""
    (tmp_path / "small.net").write_text(SPEC)
    monkeypatch.chdir(tmp_path)
    Image.fromarray(np.arange(0, 256, 4, np.uint8).reshape(8, 8)).save("image.png")
    run_json("train", "small.net", "--run", "one")
    record = Path("one/run.json")
    record.write_text(json.dumps({**json.loads(record.read_text()), "status": "running", "result": {}}))
    return tmp_path


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_a_killed_run_is_used_by_its_last_checkpoint_and_that_is_said(here: Path, words: tuple[str, ...]) -> None:
    whole = run_json(*words[:1], "small.net", "--weights", "one/weights.safetensors", *words[2:])
    (here / "one/weights.safetensors").unlink()
    done = run(*words, "--json")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout) == whole
    assert (
        "note: `one` was killed: these are the weights of its last checkpoint, after epoch 3 (step 15)" in done.stderr
    )


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_a_run_without_a_checkpoint_says_that_it_has_no_weights(here: Path, words: tuple[str, ...]) -> None:
    (here / "one/weights.safetensors").unlink()
    for path in checkpoint_paths(here / "one"):
        path.unlink()
    refused(run(*words), 2, "E464")


def test_other_weights_are_taken_as_they_are(here: Path) -> None:
    done = run("evaluate", "one", "--weights", "one/weights.safetensors")
    assert done.exit_code == 0
    assert "checkpoint" not in done.stderr
