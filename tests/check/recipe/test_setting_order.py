"""Settings that are given together do not drop each other, whatever their order."""

from __future__ import annotations

from itertools import permutations

import pytest

from netspec.check.recipe.setting_order import wholes_first
from tests.check.reading_specs import examined

NET = "net n { input 1x8x8; dense 10 }\ntrain { schedule exponential factor=0.9 warmup=1 }\n"


@pytest.mark.parametrize(
    "given", list(permutations(("train.schedule=step", "train.schedule.every=3", "train.epochs=9")))
)
def test_an_attribute_may_be_given_before_the_kind_it_belongs_to(given: tuple[str, ...]) -> None:
    experiment, report = examined(NET, settings=wholes_first(given))
    assert not report.diagnostics
    schedule = experiment.train.schedule
    assert (schedule.kind, schedule.every, schedule.warmup) == ("step", 3, 1)


def test_the_order_within_one_place_stays() -> None:
    assert wholes_first(("a.b.c=1", "data=x.y", "a.b.c=2", "a.b=3")) == ("data=x.y", "a.b=3", "a.b.c=1", "a.b.c=2")
