"""The collector rests while graphs are made, and only then."""

import gc

import pytest

from netspec.diagnostics.failure import SpecError
from netspec.diagnostics.text import Source
from netspec.frontend import check
from netspec.ir.collector import resting_collector


def test_the_collector_is_as_it_was_behind_the_work():
    with resting_collector():
        assert not gc.isenabled()
        with resting_collector():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off():
    gc.disable()
    try:
        with resting_collector():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_a_mistake_turns_it_on_again():
    with pytest.raises(SpecError):
        check(Source("<test>", "net n { input 8; konv 3 }"))
    assert gc.isenabled()


def test_the_collector_does_not_look_through_what_was_made_once_it_runs_again():
    gc.unfreeze()  # Python 3.12 begins with some hundred objects frozen, and then nothing is moved
    with resting_collector():
        made = [list[int]() for _ in range(20_000)]
    old = set(map(id, gc.get_objects(generation=2)))
    assert old.issuperset(map(id, made))


def test_what_the_caller_has_frozen_stays_frozen():
    gc.freeze()
    try:
        before = gc.get_freeze_count()
        with resting_collector():
            pass
        assert gc.get_freeze_count() == before
    finally:
        gc.unfreeze()
