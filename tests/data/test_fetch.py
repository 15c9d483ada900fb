import gzip
import hashlib
import os
from pathlib import Path

import pytest

from netspec.data import fetch as module
from netspec.data.download import CHUNK_BYTES
from netspec.data.fetch import Verdict, fetch, verify
from netspec.data.published import File, Published
from tests.data.samples import refuses
from tests.data.server import Conduct, serving

PLAIN = os.urandom(1 << 18)
PACKED = gzip.compress(PLAIN, mtime=0)
ARCHIVE = os.urandom(200_000)
CUT = 6 * CHUNK_BYTES
FILES = {"images.gz": PACKED, "all.tar.gz": ARCHIVE}


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The servers of these tests are on this machine."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


IMAGES = File("images.gz", len(PACKED), md5(PLAIN), unpack=True)
BATCHES = File("all.tar.gz", len(ARCHIVE), md5(ARCHIVE), unpack=False)


def published(*mirrors: str, files: tuple[File, ...] = (IMAGES, BATCHES)) -> Published:
    return Published("toy", "toy", "idx", (1, 2, 2), (1,), 1, ("a",), ("toy",), files, mirrors, "free")


def quiet(name: str, received: int, total: int | None) -> None:
    """Tells nobody."""


def bring(folder: Path, *mirrors: str, files: tuple[File, ...] = (IMAGES, BATCHES)) -> tuple[str, ...]:
    return fetch(published(*mirrors, files=files), folder, quiet, timeout_seconds=1.0)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_files_arrive_whole_and_nothing_else_is_left(tmp_path: Path):
    with serving(Conduct(FILES)) as url:
        assert bring(tmp_path / "new" / "toy", url) == ("images.gz", "all.tar.gz")
    assert contents(tmp_path / "new" / "toy") == FILES


def test_files_that_are_there_are_not_asked_for(tmp_path: Path):
    conduct = Conduct(FILES)
    (tmp_path / "images.gz").write_bytes(gzip.compress(PLAIN, 1))  # packed otherwise, the same content
    with serving(conduct) as url:
        assert bring(tmp_path, url) == ("all.tar.gz",)
        assert bring(tmp_path, url) == ()
    assert [path for path, _ in conduct.requests] == ["/all.tar.gz"]


def test_a_connection_that_is_cut_off_goes_on_where_it_stopped(tmp_path: Path):
    conduct = Conduct(FILES, cut_after=[CUT, 2 * CUT])
    with serving(conduct) as url:
        bring(tmp_path, url, files=(BATCHES,))
    assert contents(tmp_path) == {"all.tar.gz": ARCHIVE}
    assert [asked for _, asked in conduct.requests] == ["", f"bytes={CUT}-", f"bytes={3 * CUT}-"]


def test_a_server_that_gives_nothing_more_is_left_and_what_came_is_kept(tmp_path: Path):
    conduct = Conduct(FILES, cut_after=[CUT, 0])
    with serving(conduct) as url:
        error = refuses("E521", lambda: bring(tmp_path, url, files=(BATCHES,)))
        assert contents(tmp_path) == {"all.tar.gz.part": ARCHIVE[:CUT]}
        assert "cut off" in error.notes[0]
        assert f"{CUT:,} bytes have arrived and are kept" in error.notes[1]
        bring(tmp_path, url, files=(BATCHES,))
    assert conduct.requests[-1][1] == f"bytes={CUT}-"
    assert contents(tmp_path) == {"all.tar.gz": ARCHIVE}


def test_the_next_mirror_goes_on_where_the_first_stopped(tmp_path: Path):
    first, second = Conduct(FILES, cut_after=[CUT, 0]), Conduct(FILES)
    with serving(first) as one, serving(second) as two:
        bring(tmp_path, one, two, files=(BATCHES,))
    assert second.requests == [("/all.tar.gz", f"bytes={CUT}-")]
    assert contents(tmp_path) == {"all.tar.gz": ARCHIVE}


def test_a_server_that_ignores_ranges_starts_anew(tmp_path: Path):
    conduct = Conduct(FILES, cut_after=[CUT], ignore_range=True)
    with serving(conduct) as url:
        bring(tmp_path, url, files=(BATCHES,))
    assert contents(tmp_path) == {"all.tar.gz": ARCHIVE}


def test_a_server_that_answers_another_range_is_not_believed(tmp_path: Path):
    (tmp_path / "all.tar.gz.part").write_bytes(ARCHIVE[:1000])
    with serving(Conduct(FILES, wrong_range=True)) as url, serving(Conduct(FILES)) as good:
        refuses("E521", lambda: bring(tmp_path, url, files=(BATCHES,)))
        bring(tmp_path, url, good, files=(BATCHES,))
    assert contents(tmp_path) == {"all.tar.gz": ARCHIVE}


@pytest.mark.parametrize("file", [IMAGES, BATCHES], ids=["packed", "archive"])
@pytest.mark.parametrize("lie", [10, 100_000, -1, 10**12])
def test_a_server_that_lies_about_the_length_does_not_spoil_the_file(tmp_path: Path, file: File, lie: int):
    with serving(Conduct(FILES, announce=max(0, lie))) as url, serving(Conduct(FILES)) as good:
        bring(tmp_path, url, good, files=(file,))
    assert contents(tmp_path) == {file.name: FILES[file.name]}


@pytest.mark.parametrize("length", ["many", "-5", "9" * 40])
def test_a_length_that_is_no_number_is_survived(tmp_path: Path, length: str):
    with serving(Conduct(FILES, headers={"Content-Length": length})) as url, serving(Conduct(FILES)) as good:
        bring(tmp_path, url, good, files=(BATCHES,))
    assert contents(tmp_path) == {"all.tar.gz": ARCHIVE}


@pytest.mark.parametrize("file", [IMAGES, BATCHES], ids=["packed", "archive"])
@pytest.mark.parametrize("wrong", [b"<html>log in</html>", gzip.compress(b"other", mtime=0), bytes(400_000), b""])
def test_wrong_bytes_are_thrown_away_and_the_next_mirror_asked(tmp_path: Path, file: File, wrong: bytes):
    bad = dict.fromkeys(FILES, wrong)
    with serving(Conduct(bad)) as url, serving(Conduct(FILES)) as good:
        assert refuses("E521", lambda: bring(tmp_path, url, files=(file,))).notes[0].startswith(url)
        assert file.name not in contents(tmp_path)
        bring(tmp_path, url, good, files=(file,))
    assert contents(tmp_path) == {file.name: FILES[file.name]}


def test_a_wrong_beginning_from_an_earlier_time_is_thrown_away(tmp_path: Path):
    for beginning in (b"x" * 1000, b"x" * len(ARCHIVE), b"x" * (len(ARCHIVE) + 5), ARCHIVE):
        (tmp_path / "all.tar.gz.part").write_bytes(beginning)
        with serving(Conduct(FILES)) as url:
            bring(tmp_path, url, files=(BATCHES,))
        assert contents(tmp_path) == {"all.tar.gz": ARCHIVE}
        (tmp_path / "all.tar.gz").unlink()


def test_a_server_that_sends_without_end_is_stopped(tmp_path: Path):
    small = File("images.gz", 1000, md5(b"x"), unpack=True)
    endless = {"images.gz": os.urandom(4 << 20)}
    with serving(Conduct(endless)) as url:
        error = refuses("E521", lambda: bring(tmp_path, url, files=(small,)))
    assert "it sends more than" in error.notes[0]
    assert sum(map(len, contents(tmp_path).values())) <= 1000 * module.SLACK + module.BLOCK_BYTES


def test_a_content_that_the_server_unpacks_is_taken(tmp_path: Path):
    with serving(Conduct({"images.gz": PACKED}, encoding="gzip")) as url:
        bring(tmp_path, url, files=(IMAGES,))
    assert contents(tmp_path) == {"images.gz": PLAIN}


@pytest.mark.parametrize("status", [403, 404, 500, 503])
def test_an_answer_of_failure_is_told(tmp_path: Path, status: int):
    with serving(Conduct(FILES, status=status)) as url:
        assert f"it answers {status}" in refuses("E521", lambda: bring(tmp_path, url)).notes[0]
    assert contents(tmp_path) == {}


def test_a_redirection_is_followed(tmp_path: Path):
    with serving(Conduct(FILES)) as target, serving(Conduct(FILES, redirect=target.rstrip("/"))) as url:
        bring(tmp_path, url)
    assert contents(tmp_path) == FILES


def test_redirections_without_end_are_left(tmp_path: Path):
    conduct = Conduct(FILES)
    with serving(conduct) as url:
        conduct.redirect = url.rstrip("/")
        assert "without end" in refuses("E521", lambda: bring(tmp_path, url)).notes[0]


def test_a_silent_server_is_given_up(tmp_path: Path):
    with serving(Conduct(FILES, silent=True)) as url:
        assert "no answer in time" in refuses("E521", lambda: bring(tmp_path, url)).notes[0]


def test_without_a_network_the_message_tells_what_to_put_where(tmp_path: Path):
    with serving(Conduct(FILES)) as url:
        pass  # nobody listens there any more
    error = refuses("E521", lambda: bring(tmp_path, url))
    assert "no connection" in error.notes[0]
    assert f"put `images.gz`, `all.tar.gz` into `{tmp_path}`" in error.helps[0]


def test_ctrl_c_keeps_what_has_arrived(tmp_path: Path):
    def press(name: str, received: int, total: int | None) -> None:
        if received > 100_000:
            raise KeyboardInterrupt

    conduct = Conduct(FILES)
    with serving(conduct) as url:
        with pytest.raises(KeyboardInterrupt):
            fetch(published(url, files=(BATCHES,)), tmp_path, press)
        kept = contents(tmp_path)["all.tar.gz.part"]
        assert ARCHIVE.startswith(kept)
        assert len(kept) > 100_000
        bring(tmp_path, url, files=(BATCHES,))
    assert conduct.requests[-1][1] == f"bytes={len(kept)}-"
    assert contents(tmp_path) == {"all.tar.gz": ARCHIVE}


def test_progress_counts_up_to_the_whole(tmp_path: Path):
    told: list[tuple[str, int, int | None]] = []
    with serving(Conduct(FILES, cut_after=[CUT])) as url:
        fetch(published(url, files=(BATCHES,)), tmp_path, lambda *one: told.append(one))
    assert told[-1] == ("all.tar.gz", len(ARCHIVE), len(ARCHIVE))
    assert [one[1] for one in told] == sorted(one[1] for one in told)


def test_another_file_of_that_name_is_left_alone(tmp_path: Path):
    (tmp_path / "images.gz").write_bytes(PACKED[:100])
    with serving(Conduct(FILES)) as url:
        assert "remove it" in refuses("E523", lambda: bring(tmp_path, url)).helps[0]
    assert (tmp_path / "images.gz").read_bytes() == PACKED[:100]
    (tmp_path / "images.gz").unlink()
    (tmp_path / "images.gz").mkdir()
    refuses("E523", lambda: bring(tmp_path, "http://127.0.0.1:9/"))


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path):
    (tmp_path / "file").touch()
    error = refuses("E522", lambda: bring(tmp_path / "file" / "toy", "http://127.0.0.1:9/"))
    assert "--data-dir" in error.helps[0]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full here")
def test_a_full_disk_is_told_and_no_other_mirror_is_asked(tmp_path: Path):
    (tmp_path / "all.tar.gz.part").symlink_to("/dev/full")
    conduct = Conduct(FILES)
    with serving(conduct) as url:
        error = refuses("E522", lambda: bring(tmp_path, url, url, files=(BATCHES,)))
    assert "no space left" in error.message
    assert len(conduct.requests) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_told(tmp_path: Path):
    tmp_path.chmod(0o500)
    with serving(Conduct(FILES)) as url:
        refuses("E522", lambda: bring(tmp_path, url))


def test_verdicts_of_files(tmp_path: Path):
    path = tmp_path / "f"
    for content, file, verdict in (
        (PACKED, IMAGES, Verdict.GOOD),
        (PLAIN, IMAGES, Verdict.GOOD),
        (PACKED[:500], IMAGES, Verdict.SHORT),
        (b"", IMAGES, Verdict.SHORT),
        (b"\x1f\x8b\x09 no such method", IMAGES, Verdict.WRONG),
        (PACKED[:-1] + b"x", IMAGES, Verdict.WRONG),
        (ARCHIVE, BATCHES, Verdict.GOOD),
        (ARCHIVE[:-1], BATCHES, Verdict.SHORT),
        (ARCHIVE + b"x", BATCHES, Verdict.WRONG),
    ):
        path.write_bytes(content)
        assert verify(path, file) is verdict
