"""The suite as a whole: parts in order, each on its own, and a wrong kernel found by its name."""
# pyright: basic

import json
from collections.abc import Iterator
from functools import partial

import pytest

from netspec.bench.suite import ratios
from netspec.bench.suite.bits import judge_bits
from netspec.bench.suite.learning import Goal, judge_learning
from netspec.bench.suite.operations import all_cases, judge_operations
from netspec.bench.suite.ratios import judge_ratios
from netspec.bench.suite.row import Deadline, Row
from netspec.bench.suite.run import LONGEST_SECONDS, PARTS, Part, run_suite
from netspec.cli.show.suite import report
from netspec.diagnostics.failure import DeviceError
from netspec.kernels.cuda.language.threads import place
from netspec.kernels.cuda.table import KERNELS
from netspec.runtime import compile_workers
from netspec.runtime.cuda.device import CudaDevice
from tests.kernels.cuda.native import run_native
from tests.runtime.cuda.fake_cuda import FakeCuda, opened

FEW = tuple({case.operation: case for case in all_cases() if case.tile is None}.values())


def smallest(y, x, images, s):
    """A wrong `maxout`: the first of the pieces."""
    t = place()
    if t < images * s.channels * s.positions:
        plane = t // s.positions
        y[t] = x[plane * s.pieces * s.positions + t - plane * s.positions]


SHORT = (
    Part("operations", partial(judge_operations, cases=FEW), 600),
    Part("bits", judge_bits, 600),
    Part("learning", partial(judge_learning, goal=Goal("digits", 0.8, ("train.epochs=2",))), 600),
    Part("ratios", partial(judge_ratios, specs=("lecture",), batch=4, rounds=1), 600),
)


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyTorch is not installed."""
    monkeypatch.setattr(ratios, "find_spec", lambda _: None)


@pytest.mark.usefixtures("alone")
def test_a_sound_gpu_passes_in_all_parts(device: CudaDevice, capsys: pytest.CaptureFixture[str]):
    assert report(run_suite(device, SHORT), device, as_json=True) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["passed"], told["gpu"], told["target"]) == (True, "this processor", "sm_90")
    assert {row["part"] for row in told["rows"]} == {part.name for part in SHORT}
    assert [row["name"] for row in told["rows"] if row["verdict"] != "passed"] == ["lecture"]


@pytest.mark.usefixtures("alone")
def test_a_wrong_kernel_fails_by_the_name_of_its_operation(
    device: CudaDevice, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setitem(KERNELS, "maxout", smallest)
    assert report(run_suite(device, SHORT[:2]), device, as_json=False) == 1
    said = capsys.readouterr()
    assert [line.split()[0] for line in said.out.splitlines() if " failed " in line and "200:" in line] == ["Maxout"]
    assert "1 failed, 0 skipped" in said.out
    assert "operations: Maxout: failed (200: other numbers, or NaN; " in said.err


def test_parts_follow_each_other_whatever_becomes_of_one(device: CudaDevice):
    left: list[float] = []

    def breaking(_: CudaDevice, deadline: Deadline) -> Iterator[Row]:
        left.append(deadline.seconds)
        yield Row("one", "passed")
        raise DeviceError("E589", "the GPU was lost")

    rows = tuple(run_suite(device, (Part("first", breaking, 10), Part("second", breaking, 20))))
    assert [(row.part, row.name, row.verdict, row.remark) for row in rows] == [
        ("first", "one", "passed", ""),
        ("first", "first", "failed", "DeviceError: the GPU was lost"),
        ("second", "one", "passed", ""),
        ("second", "second", "failed", "DeviceError: the GPU was lost"),
    ]
    assert 9 < left[0] <= 10
    assert 29 < left[1] <= 30
    assert all(row.seconds >= 0 for row in rows)


def test_all_parts_together_take_less_than_eight_minutes():
    assert [part.name for part in PARTS] == ["operations", "bits", "learning", "ratios"]
    assert sum(part.seconds for part in PARTS) < LONGEST_SECONDS < 480


def host(fail: int | None = None) -> FakeCuda:
    """A GPU's driver whose kernels run on this processor."""
    return FakeCuda(lambda call: run_native(call, "forward"), fail=fail, lost=True)


def judged(cuda: FakeCuda) -> list[Row]:
    driver = opened(cuda)
    rows = list(run_suite(CudaDevice(driver.target, driver, constant=False), SHORT[:2]))
    driver.close()
    return rows


def test_the_driver_of_a_gpu_runs_the_suite(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(compile_workers, "_processors", lambda: 1)
    rows = judged(host())
    assert {row.verdict for row in rows} == {"passed"}, rows
    assert len(rows) == len(FEW) + 3


def test_a_gpu_that_is_lost_fails_in_all_that_follows(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(compile_workers, "_processors", lambda: 1)
    rows = judged(host(fail=1000))
    verdicts = [row.verdict for row in rows]
    first = verdicts.index("failed")
    assert first > 0
    assert set(verdicts[first:]) == {"failed"}
    assert rows[-1].part == "bits"
    assert rows[-1].remark.startswith("DeviceError: the GPU was lost in mid-run")
