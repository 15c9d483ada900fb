"""A trained net of three classes, for tests of what it makes of other data."""

from pathlib import Path

import pytest

from tests.cli.harness import run_json
from tests.data.samples import write_greys

GREYS_SPEC = """net greys { input 1x8x8; dense 3 }
data "photos"
train { sgd rate=0.1; batch 4; epochs 8 }
"""


@pytest.fixture
def greys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run in `one` that knows dark, grey and light, and is always right."""
    write_greys(tmp_path / "photos")
    (tmp_path / "greys.net").write_text(GREYS_SPEC)
    monkeypatch.chdir(tmp_path)
    assert run_json("train", "greys.net", "--run", "one")["test_accuracy"] == 1
    return tmp_path
