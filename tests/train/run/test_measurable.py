"""Settings of fewer classes than a net has outputs measure it, and leave the parts as they were."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from netspec.diagnostics.failure import SpecError
from netspec.diagnostics.text import Source
from netspec.frontend import check_experiment
from netspec.ir.recipe import DataOptions, Experiment
from netspec.train.run.measurable import measurable

SPEC = Source("n.net", "net n { input 1x8x8; dense 3 }\ndata digits classes=(2 4 6) take=300 validate=0.2\n")


def checked(settings: Sequence[str]) -> Experiment:
    return check_experiment(SPEC, settings=settings)


def data(*settings: str) -> DataOptions:
    found = measurable(checked, settings).data
    assert found is not None
    return found


@pytest.mark.parametrize(("setting", "measured"), [("(2 4)", (2, 4)), ("6", (6,)), ("(two four)", ("two", "four"))])
def test_fewer_classes_are_measured_of_the_parts_of_all(setting: str, measured: tuple[int | str, ...]) -> None:
    found = data(f"data.classes={setting}", "data.validate=0.3")
    assert (found.measured, found.classes, found.take, found.validate) == (measured, (2, 4, 6), 300, 0.3)


@pytest.mark.parametrize(
    ("settings", "classes"),
    [
        ((), (2, 4, 6)),
        (("data.classes=(6 4 2)",), (6, 4, 2)),
        (("data=mnist", "data.resize=8x8", "data.classes=(1 7)"), (1, 7)),
    ],
)
def test_as_many_classes_and_those_of_other_data_are_kept(settings: Sequence[str], classes: tuple[int, ...]) -> None:
    assert (data(*settings).measured, data(*settings).classes) == ((), classes)


@pytest.mark.parametrize(("setting", "code"), [("(2 2)", "E206"), ("(0 1 2 3)", "E407"), ("(0 1", "E105")])
def test_mistakes_in_them_are_told_as_ever(setting: str, code: str) -> None:
    with pytest.raises(SpecError) as caught:
        data(f"data.classes={setting}")
    assert caught.value.code == code
