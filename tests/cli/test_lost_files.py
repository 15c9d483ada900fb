"""Files that vanish, break or change while a net trains on them: what is said, and how it ends."""

from pathlib import Path

import pytest

from netspec.cli.commands import train as module
from tests.cli.harness import run
from tests.data.stores import write_idx_set, write_pictures
from tests.train.step.test_batch_source import lose

SPEC = """net small { input 3x8x8; conv 4 3x3 relu; dense 3 }
data "PLACE"
train { sgd rate=0.05; batch 16; epochs 3 }
"""
WORDS = ("train", "small.net", "--run", "one", "--data-memory", 1)


def spec_on(place: Path) -> None:
    """A spec in the current folder that trains on the data there."""
    Path("small.net").write_text(SPEC.replace("PLACE", str(place)))


@pytest.fixture
def lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The two pictures of a spec's data that will be lost once they have been looked at, before the first step."""
    monkeypatch.chdir(tmp_path)
    place, files, introduce = write_pictures(tmp_path), list[Path](), module.introduce

    def introduce_and_lose(*arguments: object) -> None:
        introduce(*arguments)  # type: ignore[arg-type]
        files.extend(lose(place))

    monkeypatch.setattr(module, "introduce", introduce_and_lose)
    spec_on(place)
    return files


def test_pictures_that_vanish_or_break_are_named_once_and_counted_at_the_end(lost: list[Path]) -> None:
    done = run(*WORDS)
    assert done.exit_code == 0, done.stderr
    for path in lost:
        assert done.stdout.count(f"`{path}` cannot be read any more (") == 1
    assert "note: 2 files could not be read any more; images of the same classes took the places" in done.stderr
    assert Path("one/weights.safetensors").exists()


def test_under_strict_the_first_of_them_ends_the_run(lost: list[Path]) -> None:
    done = run(*WORDS, "--strict")
    assert done.exit_code == 3
    assert "error[E512]" in done.stderr
    assert any(f"`{path}` cannot be used any more: " in done.stderr for path in lost)
    assert "go on with: netspec train --resume one" in done.stderr


def test_a_mapped_file_that_changes_ends_the_run_and_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    place, introduce = write_idx_set(tmp_path), module.introduce

    def introduce_and_change(*arguments: object) -> None:
        introduce(*arguments)  # type: ignore[arg-type]
        place.write_bytes(place.read_bytes() + b"more")

    monkeypatch.setattr(module, "introduce", introduce_and_change)
    spec_on(place)
    done = run(*WORDS)
    assert done.exit_code == 3
    assert "error[E530]" in done.stderr
    assert f"`{place}` was changed while it was in use" in done.stderr
