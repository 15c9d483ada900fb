"""The choice of a device, and its form in a run's record."""

import json

import pytest

from netspec.diagnostics.failure import UsageError
from netspec.runtime.device import (
    USUAL,
    DeviceChoice,
    automatic_kind,
    choice_document,
    choice_of,
    kind_of,
    open_device,
    open_target,
)
from netspec.targets.cpu.costs import SHIPPED


@pytest.mark.parametrize("choice", [USUAL, DeviceChoice(exact=True), DeviceChoice(kind="cuda")])
def test_a_choice_is_read_as_it_was_written(choice: DeviceChoice) -> None:
    assert choice_of(json.loads(json.dumps(choice_document(choice)))) == choice


def test_the_cpu_is_written_by_its_name_whether_or_not_it_was_chosen_by_name() -> None:
    assert choice_document(DeviceChoice(kind="cpu")) == choice_document(USUAL)
    assert choice_document(USUAL)["kind"] == "cpu"


def test_a_device_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="a device of kind tpu, where this version knows cpu and cuda"):
        choice_of({"kind": "tpu", "exact": False, "tuning": None})


def test_what_is_chosen_comes_before_what_a_run_keeps() -> None:
    kept = DeviceChoice(exact=True)
    assert DeviceChoice(threads=2).over(kept) == DeviceChoice(2, exact=True)
    assert DeviceChoice(kind="cpu").over(kept) == DeviceChoice(exact=True, kind="cpu")
    assert USUAL.over(DeviceChoice(kind="cuda")) == DeviceChoice(kind="cuda")


def test_nothing_is_taken_of_a_device_of_another_kind() -> None:
    exact, cuda = DeviceChoice(exact=True), DeviceChoice(kind="cuda")
    assert cuda.over(exact) == cuda
    assert DeviceChoice(kind="cpu").over(cuda) == DeviceChoice(kind="cpu")


@pytest.mark.parametrize("choice", [DeviceChoice(2), DeviceChoice(exact=True), DeviceChoice(costs=SHIPPED)])
def test_options_of_the_cpu_are_refused_where_the_device_is_a_gpu(choice: DeviceChoice) -> None:
    for opened in (open_device, open_target):
        with pytest.raises(UsageError) as caught:
            opened(choice.over(DeviceChoice(kind="cuda")))
        assert caught.value.code == "E486"


def test_a_device_goes_by_three_names() -> None:
    assert (kind_of(None), kind_of("cpu"), kind_of("cuda")) == (None, "cpu", "cuda")
    assert kind_of("auto") == automatic_kind()[0]
