"""The choice of a device, and its form in a run's record."""

import json

import pytest

from netspec.runtime.device import USUAL, DeviceChoice, choice_document, choice_of


@pytest.mark.parametrize("choice", [USUAL, DeviceChoice(exact=True), DeviceChoice(kind="cuda")])
def test_a_choice_is_read_as_it_was_written(choice: DeviceChoice) -> None:
    assert choice_of(json.loads(json.dumps(choice_document(choice)))) == choice


def test_the_cpu_is_written_by_its_name_whether_or_not_it_was_chosen_by_name() -> None:
    assert choice_document(DeviceChoice(kind="cpu")) == choice_document(USUAL)
    assert choice_document(USUAL)["kind"] == "cpu"


def test_a_device_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="a device of kind tpu, where this version knows cpu and cuda"):
        choice_of({"kind": "tpu", "exact": False, "tuning": None})
