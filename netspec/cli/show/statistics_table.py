"""What `netspec train --stats` shows at the end: how large weights, updates and activations are, layer by layer."""

from __future__ import annotations

from netspec.cli.show.printing import say
from netspec.cli.show.tables import Column, show, table
from netspec.train.run.metrics import Line
from netspec.train.watch.layer_statistics import LayerStatistics

COLUMNS: tuple[Column, ...] = (
    ("layer", "left"),
    ("|w|", "right"),
    ("|dw|", "right"),
    ("|dw| / |w|", "right"),
    ("activation mean", "right"),
    ("deviation", "right"),
)


def show_statistics(line: Line) -> None:
    """A row a layer, as in a step near the end of an epoch."""
    say(f"\nlayer by layer, in a step near the end of epoch {line.epoch}:\n")
    show(table(COLUMNS, map(_cells, line.layers)))


def _cells(row: LayerStatistics) -> tuple[str, ...]:
    figures = (row.weight, row.update, row.ratio, row.mean, row.deviation)
    return row.layer, *("-" if figure is None else f"{figure:.3g}" for figure in figures)
