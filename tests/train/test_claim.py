from collections.abc import Generator
from pathlib import Path

import pytest

from netspec.diagnostics.failure import DataError, UsageError
from netspec.train.claim import Claim


def refused(folder: Path) -> bool:
    """Whether a second claim on a folder is refused."""
    try:
        Claim(folder).close()
    except UsageError as error:
        return error.code == "E481"
    return False


def test_a_folder_is_claimed_once_and_holds_no_file_for_it(tmp_path: Path) -> None:
    claim = Claim(tmp_path)
    assert refused(tmp_path)
    assert list(tmp_path.iterdir()) == []
    claim.close()
    claim.close()
    assert not refused(tmp_path)


def test_it_is_let_go_after_the_last_item_and_when_nobody_asks_for_more(tmp_path: Path) -> None:
    def items() -> Generator[int, None, None]:
        yield 1
        yield 2

    assert list(Claim(tmp_path).during(items())) == [1, 2]
    going = Claim(tmp_path).during(items())
    assert next(going) == 1
    assert refused(tmp_path)
    going.close()
    assert not refused(tmp_path)


def test_it_is_let_go_where_nothing_was_ever_asked_for(tmp_path: Path) -> None:
    going = Claim(tmp_path).during(item for item in ())
    assert refused(tmp_path)
    del going
    assert not refused(tmp_path)


def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        Claim(tmp_path / "none")
    assert caught.value.code == "E540"
