"""Data that no longer fit a run are refused as what has changed; what cannot be read is told as ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from netspec.diagnostics.failure import DataError, UsageError
from netspec.train.run.begin import DataPlaces
from netspec.train.run.dataset import load_again
from netspec.train.run.folder import open_run, run_experiment
from tests.cli.harness import run
from tests.data.samples import write_greys


def refusal(notes: tuple[str, ...]) -> UsageError:
    return UsageError("E468", "changed", notes=notes)


def test_only_what_can_be_read_and_does_not_fit_has_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    photos = write_greys(tmp_path / "photos", count=2)
    Path("n.net").write_text('net n { input 1x8x8; dense 3 }\ndata "photos"\ntrain { epochs 1 }\n')
    assert run("train", "n.net", "--run", "one").exit_code == 0
    kept = open_run(Path("one"))
    experiment = run_experiment(kept)
    assert len(load_again(kept, experiment, DataPlaces(), refusal).train) == 6
    for part in ("train", "test"):
        (photos / part / "grey").rename(photos / part / "gray")
    with pytest.raises(UsageError) as caught:
        load_again(kept, experiment, DataPlaces(), refusal)
    assert caught.value.notes[0].startswith("the data no longer fit: the net does not know the class `gray`")
    with pytest.raises(DataError) as forced:
        load_again(kept, experiment, DataPlaces(), None)
    assert forced.value.code == "E548"
    photos.rename("elsewhere")
    with pytest.raises(DataError) as gone:
        load_again(kept, experiment, DataPlaces(), refusal)
    assert gone.value.code == "E502"
