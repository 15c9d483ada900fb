"""`netspec tune`: measures this machine and writes a table of costs for `--tuning`."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import click

from netspec.bench.peak import core_peak_gflops
from netspec.bench.tune import measure_costs
from netspec.cli.options import json_option
from netspec.cli.show.printing import say, say_json
from netspec.cli.show.tables import Column, show, table
from netspec.diagnostics.cells import shown
from netspec.diagnostics.quoting import quoted
from netspec.runtime.cpu.device import host_device
from netspec.runtime.cpu.host import host_target, processor
from netspec.targets.cpu.cost_table import costs_hash, tuning_text
from netspec.targets.cpu.costs import Costs
from netspec.train.run.files import check_can_write, write_whole

COLUMNS: tuple[Column, ...] = (("cost", "left"), ("shipped", "right"), ("measured", "right"))


@click.command("tune")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("tuning.json"),
    show_default=True,
    help="The table; replaced whole, and only once all is measured.",
)
@json_option
def command(output: Path, as_json: bool) -> None:
    """Measure this machine, and write a table of costs by which `--tuning FILE` chooses algorithms.

    It takes a minute or two of one core, best on a quiet machine. A table changes the last digits of results, so a run
    keeps the one that it was trained with.
    """
    check_can_write(output)
    target, cache_dir = host_target(), host_device().cache_dir
    costs = measure_costs(target, cache_dir, _progress)
    measured = {
        "netspec": version("netspec"),
        "processor": processor().name,
        "target": target.name,
        "fma_peak_gflops": round(core_peak_gflops(cache_dir), 1),
        "time": f"{datetime.now():%Y-%m-%d %H:%M}",
    }
    write_whole(output, tuning_text(costs, measured).encode())
    if as_json:
        say_json({"file": output, "hash": costs_hash(costs), "costs": asdict(costs), "measured": measured})
    else:
        _show(output, costs)


def _progress(done: int, probes: int) -> None:
    if sys.stderr.isatty():
        end = "\r\x1b[K" if done == probes else ""
        sys.stderr.write(f"\rmeasured {done} of {probes} layers{end}")
        sys.stderr.flush()


def _show(output: Path, costs: Costs) -> None:
    shipped = asdict(host_target().costs)
    show(table(COLUMNS, ((name, f"{shipped[name]:g}", f"{cost:g}") for name, cost in asdict(costs).items())))
    say("costs are in multiply-adds of a vector; the first is a ratio, and stays")
    say(f"wrote {shown(str(output))}: use it with `--tuning {quoted(str(output))}`")
