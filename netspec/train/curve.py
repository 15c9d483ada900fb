"""The learning curve of a run as a picture: loss and accuracy over the epochs."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# matplotlib's keyword arguments have no types
from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from netspec.train.events import EpochDone, Scores

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TRAINING, VALIDATION, TEST = "#4477aa", "#ee6677", "#228833"
"""Told apart with every kind of colour vision (Tol's bright scheme)."""


def draw_curve(title: str, epochs: Sequence[EpochDone], test: Scores | None) -> bytes:
    """A PNG with loss and accuracy side by side, an epoch a point; the test's figures as dashed lines."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 (drawing only)
    from matplotlib.figure import Figure  # noqa: PLC0415
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415

    figure = Figure(figsize=(10, 4), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    loss, accuracy = figure.subplots(1, 2)
    _draw(loss, "loss", epochs, test, lambda scores: scores.loss)
    _draw(accuracy, "accuracy (%)", epochs, test, lambda scores: 100 * scores.accuracy)
    for axes in (loss, accuracy):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    figure.suptitle(title)
    content = io.BytesIO()
    figure.savefig(content, format="png")
    return content.getvalue()


def _draw(
    axes: Axes, what: str, epochs: Sequence[EpochDone], test: Scores | None, value: Callable[[Scores], float]
) -> None:
    numbers = [done.epoch for done in epochs]
    axes.plot(numbers, [value(done.training) for done in epochs], "o-", ms=3, color=TRAINING, label="training")
    validated = [(done.epoch, value(done.validation)) for done in epochs if done.validation]
    if validated:
        axes.plot(*zip(*validated, strict=True), "o-", ms=3, color=VALIDATION, label="validation")
    if test:
        axes.axhline(value(test), ls="--", color=TEST, label=f"test: {value(test):.4g}")
    axes.set(xlabel="epoch", ylabel=what)
    axes.grid(alpha=0.3)
    axes.legend()
