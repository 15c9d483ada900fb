"""The suite of a GPU as it is printed: tables, JSON, the exit status, and an end where a kernel never ends."""

import json
from collections.abc import Iterator
from threading import Event
from types import SimpleNamespace
from typing import Any, cast

import pytest

from netspec.bench.suite.row import Row
from netspec.cli.show.suite import OVERDUE, report
from netspec.runtime.cuda.device import CudaDevice
from netspec.targets.cuda.processor import SM_90
from tests.cli.harness import process, refused, run
from tests.cli.test_json import documented

DEVICE = CudaDevice(SM_90, cast("Any", SimpleNamespace(name="Fake H200")))
GOOD = (
    Row("Add", "passed", "", {"cases": 1200, "largest_error": 0.0625}, "operations", 1.25),
    Row("lenet", "skipped", "no data", {"accuracy": None}, "learning", 0.5),
)
BAD = Row("Maxout", "failed", "odd: wrong", {"cases": 3, "largest_error": None}, "operations", 2.0)


def test_a_table_a_part_and_what_it_comes_to(capsys: pytest.CaptureFixture[str]):
    assert report(GOOD, DEVICE, as_json=False) == 0
    said = capsys.readouterr()
    lines = [line.split() for line in said.out.splitlines() if line.strip(" ─")]
    assert lines[:4] == [
        ["operations", "cases", "largest", "error", "s", "verdict", "remark"],
        ["Add", "1,200", "0.0625", "1.2", "passed"],
        ["learning", "accuracy", "s", "verdict", "remark"],
        ["lenet", "-", "0.5", "skipped", "no", "data"],
    ]
    assert "sm_90, Fake H200: 2 rows in 0 s, 0 failed, 1 skipped" in said.out
    assert said.err.splitlines() == [
        "operations: Add: passed (cases 1,200, largest error 0.0625)",
        "learning: lenet: skipped (no data; accuracy -)",
    ]


def test_a_row_that_failed_is_the_exit_status(capsys: pytest.CaptureFixture[str]):
    assert report((BAD, *GOOD), DEVICE, as_json=False) == 1
    assert "1 failed, 1 skipped\nsomething failed" in capsys.readouterr().out


def test_the_documented_keys_are_printed(capsys: pytest.CaptureFixture[str]):
    assert report((*GOOD, BAD), DEVICE, as_json=True) == 1
    told = json.loads(capsys.readouterr().out)
    assert set(told) == documented("`bench --suite`")
    assert (told["gpu"], told["target"], told["passed"]) == ("Fake H200", "sm_90", False)
    assert told["rows"][0] == {
        "part": "operations",
        "name": "Add",
        "verdict": "passed",
        "remark": "",
        "seconds": 1.25,
        "figures": {"cases": 1200, "largest_error": 0.0625},
    }


def test_what_was_found_is_printed_where_a_kernel_never_ends(capsys: pytest.CaptureFixture[str]):
    left, status = Event(), list[int]()

    def leave(code: int) -> None:
        status.append(code)
        left.set()

    def hanging() -> Iterator[Row]:
        yield GOOD[0]
        assert left.wait(60)

    assert report(hanging(), DEVICE, as_json=False, longest_seconds=0.2, leave=leave) == 1
    said = capsys.readouterr().out
    assert status == [1]
    assert said.count("1,200") == 1
    assert OVERDUE in said


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--suite", "`--suite` needs `--device cuda`"),
        ("--suite --device cpu", "`--suite` needs `--device cuda`"),
        ("lenet --suite --device cuda", "`SPEC` does not go with `--suite`"),
        ("--suite --device cuda --rounds 3", "`--rounds` does not go with `--suite`"),
        ("lenet --device cuda", "`netspec bench` measures the CPU, and the device is cuda"),
    ],
)
def test_the_suite_is_for_a_gpu_and_nothing_else_of_bench_is(words: str, message: str):
    done = run("bench", *words.split())
    refused(done, 2, "E610")
    assert message in done.stderr


def test_a_machine_without_a_gpu_says_so():
    done = process("bench", "--device", "cuda", "--suite", CUDA_VISIBLE_DEVICES="")
    assert (done.returncode, done.stdout) == (3, "")
    assert len([line for line in done.stderr.splitlines() if line.startswith(("error[E597]", "error[E598]"))]) == 1
    assert "Traceback" not in done.stderr
