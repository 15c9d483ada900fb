"""Every operation beside the oracle, and what is found where a kernel is wrong."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from time import perf_counter
from typing import Any

import pytest

from netspec.bench.suite.operations import all_cases, judge_operations, program_of
from netspec.bench.suite.row import Deadline
from netspec.kernels.cuda.language.threads import place
from netspec.kernels.cuda.table import KERNELS
from netspec.runtime.cuda.device import CudaDevice
from netspec.schedule.cuda.table import CALLS
from netspec.schedule.cuda.tiles import TILINGS
from netspec.targets.cuda.processor import SM_90

PLAIN = tuple(case for case in all_cases() if case.tile is None)
TILED = tuple(case for case in all_cases() if case.tile is not None)
FEW = tuple({case.operation: case for case in PLAIN}.values())
"""the last case of each operation"""


def later(seconds: float = 600) -> Deadline:
    return Deadline(perf_counter() + seconds)


def slope_of_any_sign(dx: Any, saved: Any, dy: Any, images: Any, s: Any, slope: Any) -> None:
    """A wrong `activation_gradient`."""
    t = place()
    if t < images * s.elements:
        dx[t] = dy[t]


def test_every_operation_has_cases_by_plain_kernels_and_products_in_every_tile():
    assert {case.operation for case in PLAIN} == {operation.__name__ for operation in CALLS}
    tiled = {case.operation: {each.tile.tiling for each in TILED if each.operation == case.operation} for case in TILED}
    assert tiled == {name: set(TILINGS) for name in tiled}
    for case in (*PLAIN, *TILED):
        (launch,) = program_of(case, SM_90).launches
        assert launch.algorithm == ("tiled" if case.tile else "plain"), case


def test_the_tiled_operations_are_those_that_the_planner_tiles():
    assert {case.operation for case in TILED} == {
        "Convolution",
        "ConvolutionInputGradient",
        "ConvolutionWeightGradient",
        "Deconvolution",
        "Dense",
        "DenseInputGradient",
        "DenseWeightGradient",
        "DenseWeightUpdate",
    }


def test_sound_kernels_pass(device: CudaDevice):
    rows = tuple(judge_operations(device, later(), FEW))
    assert [row.name for row in rows] == [case.operation for case in FEW]
    assert {row.verdict for row in rows} == {"passed"}, rows
    assert all(row.figures["largest_error"] is not None and row.figures["wrong"] == 0 for row in rows)


@pytest.mark.slow
def test_all_cases_pass(device: CudaDevice):
    rows = tuple(judge_operations(device, later(3600)))
    assert [row for row in rows if row.verdict != "passed"] == []
    assert sum(int(row.figures["cases"] or 0) for row in rows) == len(all_cases())


def test_a_wrong_kernel_makes_its_operation_fail(device: CudaDevice, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(KERNELS, "activation_gradient", slope_of_any_sign)
    rows = judge_operations(device, later(), [case for case in FEW if case.operation != "Dropout"])
    failed = [row for row in rows if row.verdict == "failed"]
    assert [row.name for row in failed] == ["ActivationGradient"]
    assert "times the error that is allowed" in failed[0].remark


def test_a_kernel_that_cannot_be_compiled_makes_its_operation_alone_fail(
    device: CudaDevice, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delitem(KERNELS, "maxout")
    rows = judge_operations(device, later(), FEW)
    failed = {row.name: row.remark for row in rows if row.verdict == "failed"}
    assert failed == {"Maxout": "200: KeyError: 'maxout'"}


def test_what_is_not_reached_in_time_fails(device: CudaDevice):
    rows = tuple(judge_operations(device, later(-1), FEW[:2]))
    assert [(row.verdict, row.remark.rsplit(": ")[-1]) for row in rows] == [("failed", "out of time")] * 2
