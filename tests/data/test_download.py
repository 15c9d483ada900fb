from pathlib import Path

import pytest

from netspec.data.download import CannotWriteError, Transfer, transfer
from tests.data.server import Conduct, serving

CONTENT = bytes(range(256)) * 400


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The servers of these tests are on this machine."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def quiet(received: int, total: int | None) -> None:
    """Tells nobody."""


def bring(part: Path, conduct: Conduct, most_bytes: int = 1 << 20) -> Transfer:
    with serving(conduct) as url:
        return transfer(f"{url}f", part, most_bytes, 1.0, quiet)


def test_a_whole_answer_has_no_reason(tmp_path: Path):
    assert bring(tmp_path / "f", Conduct({"f": CONTENT})) == Transfer(None, 200)
    assert (tmp_path / "f").read_bytes() == CONTENT


def test_the_missing_rest_is_asked_for_and_appended(tmp_path: Path):
    (tmp_path / "f").write_bytes(CONTENT[:1000])
    conduct = Conduct({"f": CONTENT})
    assert bring(tmp_path / "f", conduct) == Transfer(None, 206)
    assert conduct.requests == [("/f", "bytes=1000-")]
    assert (tmp_path / "f").read_bytes() == CONTENT


def test_nothing_missing_is_answered_with_416_and_changes_nothing(tmp_path: Path):
    (tmp_path / "f").write_bytes(CONTENT)
    assert bring(tmp_path / "f", Conduct({"f": CONTENT})) == Transfer("it answers 416", 416)
    assert (tmp_path / "f").read_bytes() == CONTENT


def test_a_page_of_failure_is_not_written(tmp_path: Path):
    (tmp_path / "f").write_bytes(b"kept")
    assert bring(tmp_path / "f", Conduct({}, status=503)) == Transfer("it answers 503", 503)
    assert (tmp_path / "f").read_bytes() == b"kept"


def test_a_continuation_that_is_compressed_is_not_appended(tmp_path: Path):
    (tmp_path / "f").write_bytes(CONTENT[:1000])
    ended = bring(tmp_path / "f", Conduct({"f": CONTENT}, encoding="gzip"))
    assert ended.reason is not None
    assert (tmp_path / "f").read_bytes() == CONTENT[:1000]


def test_no_more_is_taken_than_allowed(tmp_path: Path):
    ended = bring(tmp_path / "f", Conduct({"f": CONTENT}), most_bytes=50_000)
    assert ended.reason == "it sends more than 50,000 bytes"
    assert (tmp_path / "f").stat().st_size <= 50_000


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path):
    with pytest.raises(CannotWriteError):
        bring(tmp_path / "none" / "f", Conduct({"f": CONTENT}))


def test_progress_knows_the_whole_from_the_rest(tmp_path: Path):
    (tmp_path / "f").write_bytes(CONTENT[:1000])
    told: list[tuple[int, int | None]] = []
    with serving(Conduct({"f": CONTENT})) as url:
        transfer(f"{url}f", tmp_path / "f", 1 << 20, 1.0, lambda *one: told.append(one))
    assert {total for _, total in told} == {len(CONTENT)}
    assert told[-1][0] == len(CONTENT)
