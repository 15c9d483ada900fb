"""What cannot be trained with yet is refused where it stands."""

from dataclasses import replace

import pytest

from netspec.diagnostics.failure import SpecError
from netspec.ir.recipe import Experiment, Schedule, TrainOptions, Transform
from netspec.train.limits import check_trainable
from tests.train.nets import small_graph, span

PLAIN = Experiment(small_graph(), None, (), TrainOptions())


def codes(experiment: Experiment) -> list[str]:
    with pytest.raises(SpecError) as caught:
        check_trainable(experiment)
    return [diagnostic.code for diagnostic in caught.value.diagnostics]


def test_constant_and_step_schedules_warmup_and_crop_are_trainable() -> None:
    crop = Transform("crop", {"height": 2, "width": 2, "pad": 1})
    for kind in ("constant", "step"):
        train = TrainOptions(schedule=Schedule(kind, every=2, warmup=1))
        check_trainable(replace(PLAIN, train=train, augment=(crop,)))


@pytest.mark.parametrize("kind", ["exponential", "cosine", "onecycle", "plateau"])
def test_other_schedules_are_refused_at_their_line(kind: str) -> None:
    experiment = replace(PLAIN, train=TrainOptions(schedule=Schedule(kind, span=span("dense 2"))))
    with pytest.raises(SpecError) as caught:
        check_trainable(experiment)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "E450"
    assert diagnostic.primary.span == span("dense 2")
    assert f"`{kind}`" in diagnostic.message


def test_everything_that_cannot_run_is_told_at_once() -> None:
    transforms = tuple(Transform(kind, {}, span("input 3")) for kind in ("rotate", "cutout"))
    train = TrainOptions(schedule=Schedule("cosine"), stop_patience=3, precision="bf16")
    assert codes(Experiment(small_graph(), None, transforms, train)) == ["E450", "E451", "E452", "E452", "E453"]


def test_a_line_that_cannot_run_is_marked_itself() -> None:
    lines = {"stop": span("dense 2"), "precision": span("input 3")}
    train = TrainOptions(stop_patience=3, precision="bf16", span=span("net"), lines=lines)
    with pytest.raises(SpecError) as caught:
        check_trainable(replace(PLAIN, train=train))
    assert [diagnostic.primary.span for diagnostic in caught.value.diagnostics] == list(lines.values())


def test_what_an_option_set_is_placed_at_the_net() -> None:
    with pytest.raises(SpecError) as caught:
        check_trainable(replace(PLAIN, train=TrainOptions(stop_patience=1)))
    assert caught.value.diagnostics[0].primary.span == span("input 3")
