"""What settings change of the data of a run is changed, and nothing else of its `data` line is read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from netspec.data.levels import Levels
from netspec.ir.recipe import DataOptions
from netspec.train.run.data import changed_option, data_edits, kept_data
from netspec.train.run.document import Run
from netspec.train.step.preparation import Preparation

KEPT = DataOptions("shapes", validate=0.2, extra={"count": 50, "height": 8, "width": 8})
RUN = Run(Path("runs/one"), "n.net", {}, (), 1, KEPT, Preparation((1, 8, 8), (0.0,), (1.0,), Levels(), ("a", "b")), {})


@pytest.mark.parametrize(
    ("setting", "option"),
    [("data=x", "source"), ("data.classes=(0 1)", "classes"), (" data . take=3", "take"), ("train.epochs=3", None)],
)
def test_a_setting_names_its_option(setting: str, option: str | None) -> None:
    assert changed_option(setting) == option


def test_what_a_setting_names_is_taken_and_the_rest_is_the_run_s() -> None:
    asked = replace(KEPT, validate=0.5, take=9, extra={"count": 70, "height": 6, "width": 4})
    assert kept_data(RUN, asked) == KEPT
    assert kept_data(RUN, asked, ("train.epochs=3",)) == KEPT
    assert kept_data(RUN, asked, ("data.take=9",)) == replace(KEPT, take=9)
    assert kept_data(RUN, asked, ("data.count=70",)) == replace(KEPT, extra={**KEPT.extra, "count": 70})
    assert kept_data(RUN, asked, ("data.size=6x4",)) == replace(KEPT, extra={"count": 50, "height": 6, "width": 4})
    assert kept_data(RUN, asked, ("data=shapes",)) == asked
    assert kept_data(replace(RUN, data=None), asked) == asked


@pytest.mark.parametrize(
    ("asked", "same"),
    [
        ("runs/one/sets/own", True),
        ("runs/one/../sets/own", True),
        ("runs/one/own", True),
        ("runs/one/sets/other", False),
        ("runs/one/parts/own", False),
        ("/home/sets/own", True),
        ("/home/own", False),
    ],
)
def test_a_path_may_have_moved_with_its_spec(asked: str, same: bool) -> None:
    run = replace(RUN, data=DataOptions("/home/sets/own", is_path=True))
    assert (data_edits(run, DataOptions(asked, is_path=True)) == ()) == same
