"""What `netspec bench --streaming` measures and prints: training on data larger than memory."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from netspec.bench.streaming import MAKERS, Streamed, measure_streaming
from netspec.cli.data_options import data_progress
from netspec.cli.show.printing import say
from netspec.cli.show.provenance import say_measured
from netspec.cli.show.tables import Column, show, table
from netspec.runtime.cpu.device import host_device
from netspec.runtime.device import DeviceChoice

COLUMNS: tuple[Column, ...] = (
    ("data", "left"),
    ("images", "right"),
    ("GB", "right"),
    ("first look s", "right"),
    ("images/s", "right"),
    ("held images/s", "right"),
    ("waiting", "right"),
    ("RssAnon MB", "right"),
)
SECONDS = 30.0
"""of training on each kind of data"""


def stream(data_bytes: int, threads: int, *, as_json: bool) -> int:
    """Trains on so many bytes of each kind of data in turn; 1 where that took a gigabyte of anonymous memory."""
    found = [_streamed(kind, data_bytes, threads) for kind in MAKERS]
    if as_json:
        say_measured({"threads": threads, "seconds": SECONDS, "streamed": [asdict(one) for one in found]})
    else:
        show(table(COLUMNS, [_row(one) for one in found]))
        spent = f"{SECONDS:.0f} s of training each after the first look, and as long on images held in memory"
        say(f"a small net, batch 64, threads: {threads}, {spent}")
    return 0 if all(one.anonymous_bytes < 1e9 for one in found) else 1


def _streamed(kind: str, data_bytes: int, threads: int) -> Streamed:
    with TemporaryDirectory(prefix="netspec-streaming-") as folder:
        return measure_streaming(
            kind, data_bytes, SECONDS, Path(folder), host_device(DeviceChoice(threads)), data_progress
        )


def _row(one: Streamed) -> tuple[str, ...]:
    return (
        one.kind,
        f"{one.images:,}",
        f"{one.data_bytes / 1e9:.1f}",
        f"{one.first_look_seconds:.1f}",
        f"{one.images_per_second:,.0f}",
        f"{one.held_images_per_second:,.0f}",
        "-" if one.waiting is None else f"{one.waiting:.1%}",
        f"{one.anonymous_bytes / 1e6:.0f}",
    )
