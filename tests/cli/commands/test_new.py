"""`netspec new` begins a spec and never overwrites one."""

import resource
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from netspec.cli.commands.new import renamed
from netspec.resources import bundled_specs
from tests.cli.harness import refused, run


def test_a_new_spec_is_a_renamed_copy(tmp_path: Path):
    assert run("new", tmp_path / "mine.net", "--from", "lenet").exit_code == 0
    text = (tmp_path / "mine.net").read_text()
    assert text == bundled_specs()["lenet"].read_text().replace("net lenet", "net mine")
    assert run("check", tmp_path / "mine.net").exit_code == 0


def test_the_ending_may_be_left_out(tmp_path: Path):
    assert run("new", tmp_path / "mine").exit_code == 0
    assert (tmp_path / "mine.net").is_file()


def test_a_name_that_the_language_has_not_is_left_alone(tmp_path: Path):
    assert run("new", tmp_path / "my-net.net", "--from", "lecture").exit_code == 0
    assert "net lecture(D=32, K=5, S=2)" in (tmp_path / "my-net.net").read_text()


def test_nothing_is_overwritten(tmp_path: Path):
    (tmp_path / "mine.net").write_text("# mine\n")
    refused(run("new", tmp_path / "mine.net"), 2, "E602")
    assert (tmp_path / "mine.net").read_text() == "# mine\n"


def test_a_missing_folder_is_told(tmp_path: Path):
    done = run("new", tmp_path / "nowhere" / "mine.net")
    refused(done, 3, "E609")


def test_a_full_disk_leaves_no_file_behind(tmp_path: Path):
    words = [sys.executable, "-B", "-m", "netspec", "new", str(tmp_path / "mine.net")]
    full = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (0, 0))
    done = subprocess.run(words, preexec_fn=full, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "error[E540]" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_origin_is_told(tmp_path: Path):
    refused(run("new", tmp_path / "mine.net", "--from", "lennet"), 2, "E601")
    assert not (tmp_path / "mine.net").exists()


@pytest.mark.parametrize("name", bundled_specs())
def test_every_bundled_net_can_be_renamed(name: str):
    assert "net another" in renamed(bundled_specs()[name].read_text(), "another")
