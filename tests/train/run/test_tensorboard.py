"""Event files hold every figure of the metrics; they are read back with the library's own messages."""

import json
import struct
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from netspec.diagnostics.failure import DataError
from netspec.train.events import EpochDone, Event
from netspec.train.run import tensorboard
from netspec.train.run.folder import EVENTS
from netspec.train.run.tensorboard import with_event_file
from netspec.train.step.scores import Scores
from tests.cli.harness import refused, run, run_json

SPEC = """net small { input 1x8x8; conv 4 3x3 relu; pool max 2x2; dense 10 }
data digits validate=0.2 take=200
train { sgd rate=0.05 momentum=0.9; schedule exponential factor=0.5; batch 32; epochs 3 }
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "small.net").write_text(SPEC)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def installed() -> None:
    pytest.importorskip("tensorboardX", reason="tensorboardX is not installed (extra `tensorboard`)")


def records(content: bytes) -> Iterator[bytes]:
    """The records of an event file, whose lengths and contents carry checksums."""
    masked_crc32c = pytest.importorskip("tensorboardX.record_writer").masked_crc32c
    while content:
        (size,) = struct.unpack("<Q", content[:8])
        assert struct.unpack("<I", content[8:12]) == (masked_crc32c(content[:8]),)
        data, rest = content[12 : 12 + size], content[12 + size :]
        assert struct.unpack("<I", rest[:4]) == (masked_crc32c(data),)
        yield data
        content = rest[4:]


def scalars(folder: Path) -> dict[tuple[str, int], float]:
    """What the only event file in a folder holds, by tag and step."""
    message = pytest.importorskip("tensorboardX.proto.event_pb2").Event
    (path,) = folder.glob(EVENTS)
    first, *events = map(message.FromString, records(path.read_bytes()))
    assert first.file_version == "brain.Event:2"
    pairs = [((value.tag, event.step), value.simple_value) for event in events for value in event.summary.value]
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def recorded(folder: Path) -> dict[tuple[str, int], float]:
    """What the metrics of a run hold, by the same names."""
    found = {}
    for text in (folder / "metrics.jsonl").read_text().splitlines():
        line = json.loads(text)
        found["rate", line["epoch"]] = line["rate"]
        for quantity in ("loss", "accuracy"):
            found[f"{quantity}/training", line["epoch"]] = line[f"train_{quantity}"]
            found[f"{quantity}/validation", line["epoch"]] = line[f"validation_{quantity}"]
    return found


@pytest.mark.usefixtures("installed")
def test_every_epoch_has_its_figures(here: Path) -> None:
    run_json("train", "small.net", "--run", "one", "--tensorboard")
    assert scalars(here / "one") == pytest.approx(recorded(here / "one"))
    assert len(scalars(here / "one")) == 3 * 5


@pytest.mark.usefixtures("installed")
def test_a_run_that_goes_on_has_one_file_with_all_epochs(here: Path) -> None:
    run_json("train", "small.net", "--run", "one", "--tensorboard")
    record, spec = here / "one/run.json", here / "one/small.net"
    record.write_text(json.dumps({**json.loads(record.read_text()), "status": "interrupted"}))
    spec.write_text(spec.read_text().replace("epochs 3", "epochs 5"))
    run_json("train", "--resume", "one", "--force", "--tensorboard")
    assert scalars(here / "one") == pytest.approx(recorded(here / "one"))
    assert max(epoch for _, epoch in scalars(here / "one")) == 5


@pytest.mark.usefixtures("installed")
def test_a_test_part_is_measured_at_the_end(here: Path) -> None:
    spec = SPEC.replace("1x8x8; conv 4 3x3 relu; pool max 2x2; dense 10", "2; dense 2")
    (here / "points.net").write_text(spec.replace("digits validate=0.2 take=200", "circles count=100"))
    found = run_json("train", "points.net", "--run", "one", "--tensorboard")
    kept = scalars(here / "one")
    assert kept["accuracy/test", 3] == pytest.approx(found["test_accuracy"])
    assert ("loss/validation", 1) not in kept


@pytest.mark.usefixtures("installed")
def test_a_new_run_in_the_folder_takes_the_old_files_away(here: Path) -> None:
    run_json("train", "small.net", "--run", "one", "--tensorboard")
    run_json("train", "small.net", "--run", "one", "--force")
    assert list((here / "one").glob(EVENTS)) == []


def events() -> Generator[Event, None, None]:
    for epoch in (1, 2):
        yield EpochDone(epoch, 2, 10 * epoch, 0.1, Scores(100, 0.5 / epoch, 0.75), None, 1.5, 66.6)


@pytest.mark.usefixtures("installed")
def test_whoever_stops_listening_finds_the_epochs_so_far(tmp_path: Path) -> None:
    going = with_event_file(tmp_path, events())
    next(going)
    going.close()
    assert scalars(tmp_path) == {
        ("loss/training", 1): 0.5,
        ("accuracy/training", 1): 0.75,
        ("rate", 1): pytest.approx(0.1),
    }


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("refusing", ["write", "flush", "close"])
def test_a_full_disk_is_told(tmp_path: Path, refusing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = pytest.importorskip("tensorboardX").RecordWriter
    close = writer.close

    def full(self: object, *_: object) -> None:
        close(self)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tensorboard, "FLUSH_SECONDS", 0.0)
    going = with_event_file(tmp_path, events())
    next(going)
    monkeypatch.setattr(writer, refusing, full)
    with pytest.raises(DataError) as caught:
        list(going)
    assert caught.value.code == "E540"


def test_without_the_extra_the_line_that_installs_it_is_told(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    done = run("train", "small.net", "--run", "one", "--tensorboard")
    refused(done, 2, "E603")
    assert "pip install 'netspec[tensorboard]'" in done.stderr
    assert not (here / "one").exists()
