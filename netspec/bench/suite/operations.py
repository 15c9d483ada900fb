"""Every operation by its kernels beside the oracle, on small arrays of odd shapes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netspec.bench.suite.case import SEED, STEP, Arrays, Case
from netspec.bench.suite.layers import layer_cases
from netspec.bench.suite.products import product_cases
from netspec.bench.suite.row import Deadline, Row
from netspec.bench.suite.windows import window_cases
from netspec.runtime.cuda.binding import bound
from netspec.runtime.cuda.device import CudaDevice
from netspec.runtime.cuda.machine import CudaMachine
from netspec.schedule.cuda.calls.building import Planning
from netspec.schedule.cuda.lower import lower_as
from netspec.schedule.cuda.tiles import Choice, Product
from netspec.targets.cuda.processor import CudaTarget
from netspec.targets.cuda.program import Program

TOGETHER = 64
"""Cases whose kernels are compiled together, by as many processes as there are cores."""


def all_cases() -> tuple[Case, ...]:
    """The fixed list: every operation, products by plain kernels and in every tile."""
    return (*product_cases(), *window_cases(), *layer_cases())


def judge_operations(device: CudaDevice, deadline: Deadline, cases: Sequence[Case] | None = None) -> Iterator[Row]:
    """A row for each operation, in the order of the cases: how many cases, and the largest error as a part of what is
    allowed, which is 1. An operation fails where a case does, or is not reached before the deadline."""
    found: dict[str, list[tuple[Case, float | str]]] = {}
    chosen = all_cases() if cases is None else cases
    for first in range(0, len(chosen), TOGETHER):
        some = chosen[first : first + TOGETHER]
        if not deadline.passed:
            _compile(device, some)
        for case in some:
            error = "out of time" if deadline.passed else _judged(device, case)
            found.setdefault(case.operation, []).append((case, error))
    for operation, results in found.items():
        yield _row(operation, results)


def program_of(case: Case, target: CudaTarget) -> Program:
    """The program of a case, its products in the case's tile or by plain kernels."""

    def choose(product: Product, _: CudaTarget) -> Choice | None:
        return case.tile if case.tile is None or product.shares else replace(case.tile, parts=1)

    return lower_as(case.graph, Planning(case.batch, target, choose))


def _compile(device: CudaDevice, cases: Sequence[Case]) -> None:
    """Compiles the kernels of several cases at once. What fails here fails again by itself, where it is told."""
    calls = [
        bound(call, arena=0, state=0, images=case.images, constant=device.constant)
        for case in cases
        for launch in program_of(case, device.target).launches
        for call in launch.calls
    ]
    with suppress(Exception):
        device.driver.graph(calls)


def _judged(device: CudaDevice, case: Case) -> float | str:
    """The largest error as a part of what is allowed, or why there is none."""
    try:
        arrays = case.arrays()
        found, wanted = _run(device, case, arrays), case.expected(arrays)
        return max(_error(found[name], wanted[name], case.tolerance) for name in wanted)
    except Exception as failure:  # of any kind: it is the finding
        return f"{type(failure).__name__}: {failure}"


def _run(device: CudaDevice, case: Case, arrays: Arrays) -> Arrays:
    """Outputs by the kernels, in memory that was full of NaN."""
    program = program_of(case, device.target)
    machine = CudaMachine(program, device.driver, constant=device.constant)
    try:
        device.driver.upload(machine.arena, np.full(program.arena_bytes // 4, np.nan, np.float32))
        machine.load(arrays)
        machine.step(case.images, step_number=STEP, seed=SEED)
        outputs = case.graph.outputs
        return {value.name: machine.read(value.name, case.images if value.batched else None) for value in outputs}
    finally:
        machine.close()


def _error(found: NDArray[Any], wanted: NDArray[Any], tolerance: float) -> float:
    if tolerance == 0:
        return 0.0 if np.array_equal(found, wanted) else math.inf
    scale = max(1.0, float(np.abs(wanted).max(initial=0.0)))
    error = float(np.abs(found - wanted).max(initial=0.0)) / (tolerance * scale)
    return error if math.isfinite(error) else math.inf


def _row(operation: str, results: Sequence[tuple[Case, float | str]]) -> Row:
    wrong = [(case, error) for case, error in results if isinstance(error, str) or error > 1]
    errors = [error for _, error in results if isinstance(error, float)]
    figures = {"cases": len(results), "wrong": len(wrong), "largest_error": max(errors, default=None)}
    if not wrong:
        return Row(operation, "passed", figures=figures)
    case, error = wrong[0]
    return Row(operation, "failed", f"{case.name}: {_told(error)}", figures)


def _told(error: float | str) -> str:
    if isinstance(error, str):
        return error
    return f"{error:.3g} times the error that is allowed" if math.isfinite(error) else "other numbers, or NaN"
