"""`netspec check` tells every mistake of every file and fails only for errors."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.cli.harness import process, refused, run

GOOD = "net good { input 1x8x8; dense 10 }\n"
BROKEN = "net broken {\n    input 1x28x28\n    conv 20 5x5 paddin=1\n    konv 50 5x5\n}\n"
WARNED = "let K = 3\nnet warned { input 1x8x8; dense 10 }\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in (("good", GOOD), ("broken", BROKEN), ("warned", WARNED)):
        (tmp_path / f"{name}.net").write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_a_right_spec_gets_a_line():
    done = run("check", "good.net")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "good.net: no mistakes in 2 layers\n", "")


@pytest.mark.usefixtures("folder")
def test_every_mistake_is_told_at_its_line():
    done = run("check", "broken.net")
    assert done.exit_code == 1
    assert done.stdout == ""
    assert "broken.net:3:" in done.stderr
    assert "broken.net:4:" in done.stderr
    assert "\x1b" not in done.stderr


@pytest.mark.usefixtures("folder")
def test_several_files_are_checked_in_one_run():
    done = run("check", "broken.net", "good.net", "nowhere.net")
    assert done.exit_code == 2
    assert done.stdout == "good.net: no mistakes in 2 layers\n"
    assert "broken.net:3:" in done.stderr
    assert "error[E119]" in done.stderr


@pytest.mark.usefixtures("folder")
def test_a_warning_does_not_fail():
    done = run("check", "warned.net")
    assert done.exit_code == 0
    assert done.stderr.startswith("warning[W")
    assert done.stdout == "warned.net: no mistakes in 2 layers, 1 warning\n"


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("spelling", [("--json",), ("--format", "json"), ("--format=json",)])
def test_json_is_one_object(spelling: tuple[str, ...]):
    done = run("check", "broken.net", *spelling)
    assert (done.exit_code, done.stderr) == (1, "")
    found = json.loads(done.stdout)["diagnostics"]
    keys = {"code", "severity", "message", "file", "line", "column", "end_line", "end_column", "labels", "notes"}
    assert all(keys <= diagnostic.keys() for diagnostic in found)
    assert {3, 4} <= {diagnostic["line"] for diagnostic in found}


@pytest.mark.usefixtures("folder")
def test_json_of_a_right_spec_is_empty():
    assert json.loads(run("check", "good.net", "--json").stdout) == {"diagnostics": []}


@pytest.mark.usefixtures("folder")
def test_json_lists_files_that_cannot_be_read():
    (diagnostic,) = json.loads(run("check", "nowhere.net", "--json").stdout)["diagnostics"]
    assert (diagnostic["code"], diagnostic["severity"], diagnostic["file"]) == ("E119", "error", None)


def test_a_folder_is_no_spec(tmp_path: Path):
    (tmp_path / "folder.net").mkdir()
    refused(run("check", tmp_path / "folder.net"), 2, "E119")


def test_a_binary_file_is_refused(tmp_path: Path):
    (tmp_path / "b.net").write_bytes(bytes(range(256)))
    done = run("check", tmp_path / "b.net")
    assert done.exit_code == 1
    assert "error[E1" in done.stderr


def test_a_file_that_is_not_utf8_is_told_where(tmp_path: Path):
    (tmp_path / "l.net").write_bytes(b"# caf\xe9\nnet n { input 1x8x8; dense 2 }\n")
    done = run("check", tmp_path / "l.net")
    assert done.exit_code == 1
    assert "error[E120]" in done.stderr
    assert "l.net:1:6" in done.stderr


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path):
    (tmp_path / "m.net").write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert run("check", tmp_path / "m.net").exit_code == 0


def test_an_over_long_file_is_refused(tmp_path: Path):
    (tmp_path / "long.net").write_text("# x\n" * 40_000)
    done = run("check", tmp_path / "long.net")
    assert done.exit_code == 1
    assert "error[E1" in done.stderr


def test_an_empty_file_is_a_library(tmp_path: Path):
    (tmp_path / "e.net").write_text("")
    assert run("check", tmp_path / "e.net").stdout.endswith("no mistakes in 0 blocks and 0 lets\n")


def test_a_bare_name_means_a_bundled_spec():
    done = run("check", "vgg16")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith("vgg16: no mistakes in ")


def test_a_misspelt_bare_name_gets_a_suggestion():
    done = run("check", "lennet")
    refused(done, 2, "E601")
    assert "`lenet`" in done.stderr


@pytest.mark.usefixtures("folder")
def test_a_file_comes_before_a_bundled_spec(folder: Path):
    (folder / "lenet").write_text(GOOD)
    assert run("check", "lenet").stdout == "lenet: no mistakes in 2 layers\n"


def test_parameters_and_attributes_can_be_set():
    assert run("check", "lecture", "--with", "D=64,K=3", "--with", "S=2").exit_code == 0
    assert run("check", "lecture", "--set", "train.sgd.rate=0.1").exit_code == 0
    assert run("check", "lecture", "--with", "D=2").exit_code == 1
    assert run("check", "lecture", "--set", "train.sgd.rat=0.1").exit_code == 1
    refused(run("check", "lecture", "--with", "64"), 2, "E606")


def test_no_specs_are_a_usage_error():
    assert run("check").exit_code == 2


def test_colour_is_for_terminals_alone(tmp_path: Path):
    (tmp_path / "broken.net").write_text(BROKEN)
    done = process("check", "broken.net", cwd=tmp_path, FORCE_COLOR="1", TERM="xterm-256color")
    assert "\x1b" not in done.stdout + done.stderr


FITTING = "net n { input 1x8x8; dense 10 }\ndata digits\n"


def test_data_are_opened_only_when_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Path("own.net").write_text(FITTING.replace("digits", '"nowhere"'))
    assert run("check", "own.net").exit_code == 0
    refused(run("check", "own.net", "--data"), 3, "E502")


def test_opened_data_that_fit_are_said_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Path("a.net").write_text(FITTING)
    Path("b.net").write_text("net n { input 1x8x8; dense 2 }\n")
    done = run("check", "a.net", "b.net", "--data")
    assert (done.exit_code, done.stderr) == (0, "")
    first, second = done.stdout.splitlines()
    assert first == "a.net: no mistakes in 2 layers, the data of `digits` fit"
    assert second == "b.net: no mistakes in 2 layers, no data to open"


def test_classes_without_images_of_opened_data_are_remarks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Path("a.net").write_text("net n { input 1x8x8; dense 10 }\ndata digits take=2\n")
    told = json.loads(run("check", "a.net", "--data", "--json").stdout)
    assert any("no training image of the classes" in notice and "W503" in notice for notice in told["notices"])


def test_what_is_odd_about_opened_data_is_a_remark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Path("a.net").write_text(FITTING.replace("dense 10", "dense 12"))
    assert run("check", "a.net", "--data").stderr == "note: the net has 12 outputs, the data only 10 classes\n"
    told = json.loads(run("check", "a.net", "--data", "--json").stdout)
    assert told == {"diagnostics": [], "notices": ["the net has 12 outputs, the data only 10 classes"]}


def test_data_that_do_not_fit_fail_after_the_warnings_of_their_spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Path("a.net").write_text("let K = 3\nnet n(D=9) { input 1 D D; dense 10 }\ndata digits\n")
    done = run("check", "a.net", "--data")
    assert done.exit_code == 3
    assert done.stderr.index("warning[W201]") < done.stderr.index("error[E513]")
    told = json.loads(run("check", "a.net", "--data", "--json").stdout)["diagnostics"]
    assert [diagnostic["code"] for diagnostic in told] == ["W201", "E513"]


def test_opened_data_of_one_image_leave_nothing_to_normalise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    np.savez("one.npz", x_train=np.zeros((1, 8, 8), np.uint8), y_train=[0])
    Path("a.net").write_text('net n { input 1x8x8; dense 4; batchnorm; dense 2 }\ndata "one.npz"\n')
    assert run("check", "a.net").exit_code == 0
    refused(run("check", "a.net", "--data"), 1, "E410")


def test_a_folder_of_data_goes_with_opening_them(tmp_path: Path):
    refused(run("check", "digits", "--data-dir", tmp_path), 2, "E610")
    refused(run("check", "lenet", "--data", "--data-dir", tmp_path, "--set", "data=fashion_mnist"), 3, "E501")


def test_a_precision_that_this_machine_lacks_is_a_warning():
    done = run("check", "digits", "--set", "train.precision=bf16")
    assert (done.exit_code, "warning[W211]" in done.stderr) == (0, True)


def test_what_training_needs_is_said_of_an_input_sized_by_a_parameter():
    assert "`--with D=28`" in run("check", "lecture").stdout
    assert run("check", "lecture", "--with", "D=28").stdout == "lecture: no mistakes in 8 layers\n"


def test_so_it_is_to_programs():
    needs = "lecture: to train on `mnist` the input must be 1x28x28, as `--with D=28` makes it"
    assert run("check", "lecture").stdout.endswith(f"; {needs.partition(': ')[2]}\n")
    assert json.loads(run("check", "lecture", "lenet", "--json").stdout) == {"diagnostics": [], "notices": [needs]}
    assert json.loads(run("check", "lecture", "--with", "D=28", "--json").stdout) == {"diagnostics": []}
