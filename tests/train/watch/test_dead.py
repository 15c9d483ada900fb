"""Dead layers are told once, kept in the metrics, and remembered from one sitting to the next."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from netspec.runtime.device import Device
from netspec.train.events import EpochDone, Event, Started, Warned
from netspec.train.loop import train
from netspec.train.run.checkpoint import encode_snapshot, read_checkpoint
from netspec.train.run.metrics import line_of
from netspec.train.step.snapshot import Position, Snapshot
from netspec.train.watch.dead import dead_layers
from netspec.train.watch.diverged import usual_helps
from netspec.train.watch.layer_statistics import LayerStatistics
from netspec.train.watch.sample import Sample
from tests.train.test_loop import data_of, experiment_of
from tests.train.watch.test_sample import DYING, training_of


def events_of(device: Device, start: Snapshot, epochs: int = 2) -> list[Event]:
    experiment = experiment_of(DYING, f"train.epochs={epochs}")
    return list(train(experiment, data_of(experiment), device=device, start=start))


def dying() -> Snapshot:
    return Snapshot(Position(), {"low.bias": np.full(6, -1e3, np.float32)})


def test_a_dead_layer_is_told_once_and_listed_every_epoch(device: Device) -> None:
    events = events_of(device, dying())
    (warned,) = (event for event in events if isinstance(event, Warned))
    assert warned.code == "W401"
    assert warned.message.startswith("`low` is dead after epoch 1: every relu of it is off for all 72 images")
    assert "leaky_relu" in " ".join(warned.helps)
    assert [line_of(event).dead for event in events if isinstance(event, EpochDone)] == [("low",), ("low",)]


def test_a_sound_net_is_not_warned_of(device: Device) -> None:
    events = events_of(device, Snapshot(Position(), {}))
    assert not [event for event in events if isinstance(event, Warned)]
    assert [line_of(event).dead for event in events if isinstance(event, EpochDone)] == [(), ()]


def test_the_next_sitting_does_not_tell_it_again(device: Device, tmp_path: Path) -> None:
    snapshot = None
    experiment = experiment_of(DYING)
    for event in train(experiment, data_of(experiment), device=device, start=dying()):
        started = event if isinstance(event, Started) else None
        snapshot = started.snapshot if started else snapshot
        if isinstance(event, EpochDone):
            break
    assert snapshot is not None
    kept = snapshot()
    assert kept is not None
    (tmp_path / "kept").write_bytes(encode_snapshot(kept))
    read = read_checkpoint(tmp_path / "kept")
    assert read.position.dead == ("low",)
    assert not [event for event in events_of(device, read) if isinstance(event, Warned)]


def test_a_sample_lasts_through_a_checkpoint(tmp_path: Path) -> None:
    layers = (LayerStatistics("low", 1.5, 0.5, 0.0, 0.0), LayerStatistics("pool1"))
    position = Position(sample=Sample(24, ("low", "wide"), layers), dead=("first",))
    (tmp_path / "kept").write_bytes(encode_snapshot(Snapshot(position, {})))
    assert read_checkpoint(tmp_path / "kept").position == position


def test_saturation_is_told_with_what_helps_against_it(device: Device) -> None:
    program = training_of(device, DYING).machine.program
    ended = Position(epochs=4, sample=Sample(64, ("low", "wide")), dead=("low",))
    (warned,) = dead_layers(ended, program)
    assert "`wide` is dead after epoch 5: every sigmoid of it is saturated" in warned.message
    assert "init=xavier" in warned.helps[0]
    assert not list(dead_layers(replace(ended, dead=("low", "wide")), program))


def test_batchnorm_is_not_advised_where_it_would_be_refused(device: Device) -> None:
    """Minibatches of one image leave a flat vector nothing to normalise (E410)."""
    ended = Position(sample=Sample(64, ("low",)))
    for batch, advised in ((1, False), (8, True)):
        plain = experiment_of(f"net n {{ input 1x8x8; dense 10 }}\ndata digits\ntrain {{ batch {batch} }}")
        program = training_of(device, DYING, f"train.batch={batch}").machine.program
        (warned,) = dead_layers(ended, program)
        assert any("batchnorm" in text for text in warned.helps) is advised
        assert any("batchnorm" in text for text in usual_helps(plain)) is advised
