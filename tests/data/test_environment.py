"""The place of data sets is the one thing that the library reads in the environment."""

from pathlib import Path

import pytest

from netspec.data.environment import DATA_VARIABLE, readable_data_folder


def test_the_folder_is_the_one_that_the_variable_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DATA_VARIABLE, "/sets")
    assert readable_data_folder() == Path("/sets")
    monkeypatch.setenv(DATA_VARIABLE, "")
    assert readable_data_folder() is None
    monkeypatch.delenv(DATA_VARIABLE)
    assert readable_data_folder() is None
