"""A confusion matrix as a PNG."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# matplotlib's keyword arguments have no types
from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np

from netspec.train.draw.lettering import LONGEST_TICK, any_letters, lettering

WRITTEN_CLASSES = 20
"""Up to so many classes, cells hold numbers."""


def draw_matrix(title: str, confusion: Sequence[Sequence[int]], names: Sequence[str]) -> bytes:
    """A PNG of a confusion matrix (K, K): rows are true classes, columns predicted ones, shades the share of a row."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 (drawing only)
    from matplotlib.figure import Figure  # noqa: PLC0415

    side = max(4.0, min(12.0, 0.55 * len(names) + 2))
    letters = [lettering(name, LONGEST_TICK) for name in names]
    figure = Figure(figsize=(side, side), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    counts = np.asarray(confusion)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set(xlabel="taken for", ylabel="class", title=lettering(title))
    if len(names) <= WRITTEN_CLASSES:
        axes.set_xticks(range(len(names)), letters, rotation=90)
        axes.set_yticks(range(len(names)), letters)
        for (row, column), count in np.ndenumerate(counts):
            colour = "white" if shares[row, column] > 0.5 else "black"
            if count:
                axes.text(column, row, str(count), ha="center", va="center", color=colour, fontsize=8)
    content = io.BytesIO()
    with any_letters():
        figure.savefig(content, format="png")
    return content.getvalue()
