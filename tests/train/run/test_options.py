"""What was asked of a run is read back, and holds until it is asked for anew."""

import json
from typing import Any

import pytest

from netspec.train.run.cadence import Saving
from netspec.train.run.options import UNASKED, RunOptions, options_document, options_of

ASKED = RunOptions(Saving(seconds=30.0, keep=5), statistics=True, strict=True)


@pytest.mark.parametrize("options", [UNASKED, ASKED, RunOptions(Saving(steps=500), tensorboard=True)])
def test_options_are_read_back(options: RunOptions) -> None:
    assert options_of(json.loads(json.dumps(options_document(options)))) == options


def test_a_run_of_an_older_version_was_asked_nothing() -> None:
    assert options_of(None) == UNASKED


@pytest.mark.parametrize(
    ("given", "saving"),
    [
        (Saving(), Saving(seconds=30.0, keep=5)),
        (Saving(keep=1), Saving(seconds=30.0, keep=1)),
        (Saving(steps=7), Saving(steps=7, keep=5)),
        (Saving(seconds=60.0, keep=2), Saving(seconds=60.0, keep=2)),
    ],
)
def test_what_is_given_takes_the_place_of_what_was(given: Saving, saving: Saving) -> None:
    assert RunOptions(given, tensorboard=True).over(ASKED) == RunOptions(saving, True, True, True)


@pytest.mark.parametrize("broken", [{"keep": 0}, {"steps": -1}, {"seconds": "nan"}, {"seconds": "soon"}, {"steps": []}])
def test_values_that_make_no_sense_are_refused(broken: dict[str, Any]) -> None:
    document = options_document(ASKED)
    with pytest.raises((ValueError, TypeError)):
        options_of({**document, "saving": {**document["saving"], **broken}})
