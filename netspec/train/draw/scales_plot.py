"""Activations and gradients of layers as a PNG: a column a function, a line a scale."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# matplotlib's keyword arguments have no types
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from netspec.train.draw.lettering import any_letters, lettering
from netspec.train.draw.plot import small_png
from netspec.train.use.scales import FUNCTIONS, Trial

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SMALLEST = 1e-16
"""Lower edge of the logarithmic axes; zero is drawn there."""
MOST_NAMES = 24
"""Most layers of which every name is written."""


def draw_scales(title: str, trials: Sequence[Trial]) -> bytes:
    """A PNG: deviations of activations above, of gradients below, on logarithmic axes, from the first layer on."""
    import matplotlib as mpl  # noqa: PLC0415 (drawing only)
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(12, 6.5), dpi=100, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    grid = figure.subplots(2, len(FUNCTIONS), sharex=True, sharey="row", squeeze=False)
    scales = sorted({trial.scale for trial in trials})
    colours = mpl.colormaps["viridis"](np.linspace(0, 0.9, len(scales)))
    for column, function in enumerate(FUNCTIONS):
        grid[0, column].set_title(function)
        for trial in (trial for trial in trials if trial.function == function):
            colour = colours[scales.index(trial.scale)]
            activations = [layer.activation for layer in trial.layers]
            gradients = [np.nan if layer.gradient is None else layer.gradient for layer in trial.layers]
            _line(grid[0, column], activations, colour, f"{trial.scale:.3g}")
            _line(grid[1, column], gradients, colour, None)
    _name_axes(grid.tolist(), [layer.layer for layer in trials[0].layers])
    figure.legend(*grid[0, -1].get_legend_handles_labels(), title="initial scale", loc="outside right center")
    figure.suptitle(lettering(title), fontsize="medium")
    with any_letters():
        canvas.draw()
    return small_png(np.asarray(canvas.buffer_rgba()))


def _line(axes: Axes, deviations: Sequence[float], colour: object, name: str | None) -> None:
    heights = np.maximum(np.asarray(deviations, np.float64), SMALLEST)
    axes.plot(range(len(heights)), heights, "o-", ms=3, lw=1.2, color=colour, label=name)  # pyright: ignore[reportArgumentType]


def _name_axes(grid: Sequence[Sequence[Axes]], layers: Sequence[str]) -> None:
    every = -(-len(layers) // MOST_NAMES)
    for row, what in zip(grid, ("activations", "gradients"), strict=True):
        row[0].set_ylabel(f"deviation of {what}")
        for axes in row:
            axes.set_yscale("log")
            axes.grid(alpha=0.3)
    for axes in grid[1]:
        axes.set_xticks(range(0, len(layers), every), layers[::every], rotation=90, fontsize="small")
