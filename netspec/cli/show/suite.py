"""What `netspec bench --suite` prints: what was found of a GPU, part by part."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from itertools import groupby
from threading import Lock, Timer
from time import perf_counter

from rich.table import Table

from netspec.bench.suite.row import Figure, Row
from netspec.bench.suite.run import LONGEST_SECONDS, run_suite
from netspec.cli.show.printing import remark, say
from netspec.cli.show.provenance import say_measured
from netspec.cli.show.tables import Column, show, table
from netspec.runtime.cuda.device import CudaDevice, cuda_device
from netspec.runtime.cuda.packages import compiler_versions

OVERDUE = "the suite has not ended in time"


def suite(*, as_json: bool) -> int:
    """Judges this machine's GPU; 1 where a row failed. Raises DeviceError (E597 to E599) where there is none."""
    device = cuda_device()
    return report(run_suite(device), device, as_json=as_json)


def report(
    found: Iterable[Row],
    device: CudaDevice,
    *,
    as_json: bool,
    longest_seconds: float = LONGEST_SECONDS,
    leave: Callable[[int], object] = os._exit,
) -> int:
    """Prints rows: each on standard error as it is found, and all of them at the end; 1 where one failed.

    After `longest_seconds` another thread prints what there is and calls `leave` with 1: a kernel that never ends
    cannot be interrupted.
    """
    begun, rows, ending = perf_counter(), list[Row](), Lock()

    def end(*more: Row) -> int:
        everything = (*rows, *more)
        passed, seconds = all(row.verdict != "failed" for row in everything), perf_counter() - begun
        if as_json:
            say_measured(_document(everything, device, seconds, passed=passed))
        else:
            _show(everything, device, seconds, passed=passed)
        return 0 if passed else 1

    def overdue() -> None:
        if ending.acquire(blocking=False):
            end(Row("suite", "failed", OVERDUE, part="suite", seconds=perf_counter() - begun))
            sys.stdout.flush()
            leave(1)

    watch = Timer(longest_seconds, overdue)
    watch.daemon = True
    watch.start()
    for row in found:
        rows.append(row)
        remark(_line(row))
    watch.cancel()
    if not ending.acquire(blocking=False):
        watch.join()
        return 1
    return end()


def _document(rows: Sequence[Row], device: CudaDevice, seconds: float, *, passed: bool) -> dict[str, object]:
    return {
        "gpu": device.driver.name,
        "target": device.target.name,
        "passed": passed,
        "seconds": seconds,
        "rows": [asdict(row) for row in rows],
        "compilers": list(compiler_versions()),
    }


def _show(rows: Sequence[Row], device: CudaDevice, seconds: float, *, passed: bool) -> None:
    for part, some in groupby(rows, key=lambda row: row.part):
        show(_part_table(part, tuple(some)))
        say()
    failed, skipped = (sum(row.verdict == verdict for row in rows) for verdict in ("failed", "skipped"))
    say(f"{device.description}: {len(rows)} rows in {seconds:.0f} s, {failed} failed, {skipped} skipped")
    say("all that ran passed" if passed else "something failed")


def _part_table(part: str, rows: Sequence[Row]) -> Table:
    keys = tuple(dict.fromkeys(key for row in rows for key in row.figures))
    headings = (key.replace("_", " ") for key in keys)
    columns: tuple[Column, ...] = (
        (part, "left"),
        *((heading, "right") for heading in headings),
        ("s", "right"),
        ("verdict", "left"),
        ("remark", "left"),
    )
    return table(columns, [_cells(row, keys) for row in rows])


def _cells(row: Row, keys: Sequence[str]) -> tuple[str, ...]:
    figures = (_shown(row.figures.get(key)) for key in keys)
    return (row.name, *figures, f"{row.seconds:.1f}", row.verdict, row.remark)


def _shown(figure: Figure) -> str:
    match figure:
        case None:
            return "-"
        case float():
            return f"{figure:.4g}"
        case int():
            return f"{figure:,}"
        case str():
            return figure


def _line(row: Row) -> str:
    figures = ", ".join(f"{key.replace('_', ' ')} {_shown(figure)}" for key, figure in row.figures.items())
    told = "; ".join(text for text in (row.remark, figures) if text)
    return f"{row.part}: {row.name}: {row.verdict} ({told})"
