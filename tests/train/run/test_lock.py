import errno
import fcntl
import os
from collections.abc import Generator
from pathlib import Path

import pytest

from netspec.diagnostics.failure import DataError, UsageError
from netspec.train.run.lock import RunLock, locked


def refused(folder: Path) -> bool:
    """Whether a second lock on a folder is refused."""
    try:
        RunLock(folder).close()
    except UsageError as error:
        return error.code == "E481"
    return False


def test_a_folder_is_claimed_once_and_holds_no_file_for_it(tmp_path: Path) -> None:
    run_lock = RunLock(tmp_path)
    assert refused(tmp_path)
    assert list(tmp_path.iterdir()) == []
    run_lock.close()
    run_lock.close()
    assert not refused(tmp_path)


def test_it_is_let_go_after_the_last_item_and_when_nobody_asks_for_more(tmp_path: Path) -> None:
    def items() -> Generator[int, None, None]:
        yield 1
        yield 2

    assert list(RunLock(tmp_path).during(items())) == [1, 2]
    going = RunLock(tmp_path).during(items())
    assert next(going) == 1
    assert refused(tmp_path)
    going.close()
    assert not refused(tmp_path)


def test_it_is_let_go_where_nothing_was_ever_asked_for(tmp_path: Path) -> None:
    going = RunLock(tmp_path).during(item for item in ())
    assert refused(tmp_path)
    del going
    assert not refused(tmp_path)


def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        RunLock(tmp_path / "none")
    assert caught.value.code == "E540"


def test_asking_whether_a_folder_is_claimed_takes_it_from_nobody(tmp_path: Path) -> None:
    assert not locked(tmp_path)
    run_lock = RunLock(tmp_path)
    assert locked(tmp_path)
    assert refused(tmp_path)
    run_lock.close()
    assert not locked(tmp_path)


def test_two_who_ask_are_no_training_to_each_other(tmp_path: Path) -> None:
    handle = os.open(tmp_path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH)
        assert not locked(tmp_path)
    finally:
        os.close(handle)


def test_a_training_that_meets_somebody_who_asks_tries_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asking = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(asking, fcntl.LOCK_SH)
    monkeypatch.setattr("netspec.train.run.lock.sleep", lambda seconds: fcntl.flock(asking, fcntl.LOCK_UN))
    RunLock(tmp_path).close()
    os.close(asking)


def test_a_folder_of_which_nothing_is_known_counts_as_claimed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert locked(tmp_path / "none")

    def without_locks(handle: int, what: int) -> None:
        raise OSError(errno.ENOLCK, "no locks")

    monkeypatch.setattr("netspec.train.run.lock.fcntl.flock", without_locks)
    assert locked(tmp_path)
