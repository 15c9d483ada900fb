"""What cannot be trained with yet is refused where it stands."""

from dataclasses import replace

import pytest

from netspec.check.vocabulary.tables import AUGMENT
from netspec.diagnostics.failure import SpecError
from netspec.diagnostics.message import Severity
from netspec.ir.recipe import Experiment, Schedule, TrainOptions, Transform
from netspec.train.limits import beyond_this_machine, check_trainable
from netspec.train.step.schedules import RULES
from tests.train.nets import small_graph, span

PLAIN = Experiment(small_graph(), None, (), TrainOptions())


def codes(experiment: Experiment) -> list[str]:
    with pytest.raises(SpecError) as caught:
        check_trainable(experiment)
    return [diagnostic.code for diagnostic in caught.value.diagnostics]


@pytest.mark.parametrize("kind", RULES)
def test_every_schedule_and_early_stopping_are_trainable(kind: str) -> None:
    train = TrainOptions(schedule=Schedule(kind, every=2, warmup=1), stop_patience=3)
    check_trainable(replace(PLAIN, train=train))


@pytest.mark.parametrize("kind", AUGMENT)
def test_every_transform_is_trainable(kind: str) -> None:
    check_trainable(replace(PLAIN, augment=(Transform(kind, {}),)))


@pytest.mark.parametrize("precision", ["bf16", "tf32"])
def test_precisions_of_a_gpu_are_refused(precision: str) -> None:
    assert codes(replace(PLAIN, train=replace(PLAIN.train, precision=precision))) == ["E453"]


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


def test_a_check_warns_of_what_training_would_refuse() -> None:
    lines = {"precision": span("input 3")}
    refused = replace(PLAIN, train=TrainOptions(precision="bf16", lines=lines))
    (warning,) = beyond_this_machine(refused)
    assert (warning.code, warning.severity, warning.primary.span) == ("W211", Severity.WARNING, lines["precision"])
    assert beyond_this_machine(PLAIN) == ()
