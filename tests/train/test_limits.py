"""What cannot be trained with yet is refused where it stands."""

from dataclasses import replace

import pytest

from netspec.diagnostics.failure import SpecError
from netspec.ir.recipe import Experiment, Schedule, TrainOptions, Transform
from netspec.train.limits import check_trainable
from netspec.train.schedules import RULES
from tests.train.nets import small_graph, span

PLAIN = Experiment(small_graph(), None, (), TrainOptions())


def codes(experiment: Experiment) -> list[str]:
    with pytest.raises(SpecError) as caught:
        check_trainable(experiment)
    return [diagnostic.code for diagnostic in caught.value.diagnostics]


@pytest.mark.parametrize("kind", RULES)
def test_every_schedule_early_stopping_and_crop_are_trainable(kind: str) -> None:
    crop = Transform("crop", {"height": 2, "width": 2, "pad": 1})
    train = TrainOptions(schedule=Schedule(kind, every=2, warmup=1), stop_patience=3)
    check_trainable(replace(PLAIN, train=train, augment=(crop,)))


def test_everything_that_cannot_run_is_told_at_once() -> None:
    transforms = tuple(Transform(kind, {}, span("input 3")) for kind in ("rotate", "cutout"))
    train = TrainOptions(precision="bf16")
    assert codes(Experiment(small_graph(), None, transforms, train)) == ["E452", "E452", "E453"]


def test_a_line_that_cannot_run_is_marked_itself() -> None:
    lines = {"precision": span("input 3")}
    train = TrainOptions(precision="bf16", span=span("net"), lines=lines)
    with pytest.raises(SpecError) as caught:
        check_trainable(replace(PLAIN, train=train))
    assert [diagnostic.primary.span for diagnostic in caught.value.diagnostics] == list(lines.values())


def test_what_an_option_set_is_placed_at_the_net() -> None:
    with pytest.raises(SpecError) as caught:
        check_trainable(replace(PLAIN, train=TrainOptions(precision="tf32")))
    assert caught.value.diagnostics[0].primary.span == span("input 3")
