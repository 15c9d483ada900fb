"""A line an epoch, written and read back."""

import json
from dataclasses import replace
from pathlib import Path

from netspec.train.events import EpochDone
from netspec.train.run.metrics import line_of, read_lines
from netspec.train.step.scores import Scores
from netspec.train.watch.layer_statistics import LayerStatistics
from netspec.train.watch.sample import Sample

SAMPLE = Sample(64, ("low",), (LayerStatistics("input", None, None, 0.25, 0.5), LayerStatistics("low", 3.0, 0.75)))


def line(epoch: int):
    done = EpochDone(epoch, 9, 10 * epoch, 0.1, Scores(3, 1 / 3, 2 / 3), Scores(1, float("inf"), 1.0), 1.5, 66.66)
    done = replace(done, waited_seconds=0.25, images=3 * epoch, losses=(1 / 3, 2e-9), sample=SAMPLE)
    return line_of(done)


def test_lines_are_read_back_up_to_an_epoch(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text("".join(f"{line(epoch).text()}\n" for epoch in range(1, 6)))
    assert read_lines(path, 3) == [line(1), line(2), line(3)]
    assert read_lines(path, 9)[-1] == line(5)
    assert line(1).validation_loss is None
    assert line(2).layers == SAMPLE.layers
    assert json.loads(line(2).text())["layers"][1]["ratio"] == 0.25
    assert line(2).waited_seconds == 0.25
    assert (line(2).images, line(2).train_losses) == (6, (0.333333, 2e-9))


def test_lines_of_older_versions_are_read_without_what_they_lack(tmp_path: Path) -> None:
    later = ("waited_seconds", "images", "train_losses", "dead", "layers")
    older = {key: value for key, value in json.loads(line(1).text()).items() if key not in later}
    (tmp_path / "metrics.jsonl").write_text(json.dumps(older))
    assert read_lines(tmp_path / "metrics.jsonl", 9) == [
        replace(line(1), waited_seconds=0.0, images=0, train_losses=(), dead=(), layers=())
    ]


def test_half_a_line_and_a_missing_file_are_no_error(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    assert read_lines(path, 9) == []
    path.write_text(f'{line(1).text()}\n{{"epoch": 2}}\n[]\n{line(3).text()[:20]}')
    assert read_lines(path, 9) == [line(1)]
