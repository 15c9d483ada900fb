"""The learning curve of a run as a PNG: loss, accuracy and learning rate over epochs."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# matplotlib's keyword arguments have no types
from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from netspec.train.draw.lettering import any_letters, lettering
from netspec.train.run.metrics import Line
from netspec.train.step.scores import Scores

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TRAINING, VALIDATION, TEST, RATE = "#4477aa", "#ee6677", "#228833", "#aa3377"
"""Distinct with every kind of colour vision (Tol's bright scheme)."""


def draw_curve(title: str, lines: Sequence[Line], test: Scores | None) -> bytes:
    """A PNG with loss, accuracy and learning rate side by side, a point an epoch; those of the test part as dashed
    lines."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 (drawing only)
    from matplotlib.figure import Figure  # noqa: PLC0415
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415

    figure = Figure(figsize=(13, 4), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    loss, accuracy, rate = figure.subplots(1, 3, width_ratios=(3, 3, 2))
    _draw_part(loss, lines, lambda line: line.train_loss, TRAINING, "training")
    _draw_part(loss, lines, lambda line: line.validation_loss, VALIDATION, "validation")
    _draw_part(accuracy, lines, lambda line: _percent(line.train_accuracy), TRAINING, "training")
    _draw_part(accuracy, lines, lambda line: _percent(line.validation_accuracy), VALIDATION, "validation")
    _draw_part(rate, lines, lambda line: line.rate, RATE, "learning rate")
    if test:
        loss.axhline(test.loss, ls="--", color=TEST, label=f"test: {test.loss:.4g}")
    if test and test.accuracy is not None:
        accuracy.axhline(100 * test.accuracy, ls="--", color=TEST, label=f"test: {100 * test.accuracy:.4g}")
    rate.set_yscale("log" if _spans_decades(lines) else "linear")
    for axes, what in ((loss, "loss"), (accuracy, "accuracy (%)"), (rate, "learning rate")):
        axes.set(xlabel="epoch", ylabel=what)
        axes.grid(alpha=0.3)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    loss.legend()
    accuracy.legend()
    figure.suptitle(lettering(title))
    content = io.BytesIO()
    with any_letters():
        figure.savefig(content, format="png")
    return content.getvalue()


def _percent(fraction: float | None) -> float | None:
    return None if fraction is None else 100 * fraction


def _spans_decades(lines: Sequence[Line]) -> bool:
    rates = [line.rate for line in lines]
    return 0 < 5 * min(rates) < max(rates)


def _draw_part(
    axes: Axes, lines: Sequence[Line], value: Callable[[Line], float | None], colour: str, label: str
) -> None:
    """Draws one quantity; nothing where it was not measured."""
    measured = [(line.epoch, y) for line in lines if (y := value(line)) is not None]
    if measured or label == "training":
        axes.plot([epoch for epoch, _ in measured], [y for _, y in measured], "o-", ms=3, color=colour, label=label)
