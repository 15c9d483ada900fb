"""Learning curves of several runs in one PNG: loss, accuracy and learning rate, a colour a run."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# matplotlib's keyword arguments have no types
from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from netspec.train.draw.lettering import any_letters, lettering
from netspec.train.run.metrics import Line
from netspec.train.step.loss_curve import stretch_bounds

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Against = Literal["epochs", "images"]
Point = tuple[float, float]
Place = Callable[[Line], float]

COLOURS = ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#bbbbbb")
"""Distinct with every kind of colour vision (Tol's bright scheme); reused from the first."""
PLACES: dict[Against, Place] = {"epochs": lambda line: line.epoch, "images": lambda line: line.images}
"""Quantity of the horizontal axis."""


@dataclass(frozen=True, slots=True)
class Curve:
    """The epochs of a run, at least one, and the run's name."""

    name: str
    lines: tuple[Line, ...]


def draw_curves(curves: Sequence[Curve], against: Against) -> bytes:
    """A PNG of all curves: training solid, validation dashed.

    Against epochs a point is an epoch. Against images the training loss has points within each epoch too, at the number
    of images trained on: all runs of one seed begin at the same point.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 (drawing only)
    from matplotlib.figure import Figure  # noqa: PLC0415
    from matplotlib.ticker import EngFormatter, MaxNLocator  # noqa: PLC0415

    figure = Figure(figsize=(13, 4), dpi=100, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    loss, accuracy, rate = figure.subplots(1, 3, width_ratios=(3, 3, 2), sharex=True)
    every = [line for curve in curves for line in curve.lines]
    for number, curve in enumerate(curves):
        colour = COLOURS[number % len(COLOURS)]
        _draw_curve((loss, accuracy, rate), curve, against, colour)
    for axes, what in ((loss, "loss"), (accuracy, "accuracy (%)"), (rate, "learning rate")):
        axes.set(xlabel="epoch" if against == "epochs" else "images seen", ylabel=what)
        axes.grid(alpha=0.3)
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        if against == "images":
            axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    loss.set_yscale("log" if any(line.train_loss or line.validation_loss for line in every) else "linear")
    rate.set_yscale("log" if _spans_decades(every) else "linear")
    loss.legend(title="dashed: validation" if any(line.validation_loss for line in every) else None)
    with any_letters():
        canvas.draw()
    return small_png(np.asarray(canvas.buffer_rgba()))


def small_png(pixels: NDArray[np.uint8]) -> bytes:
    """The PNG with a palette of 256 colours: half the bytes for a line drawing."""
    content = io.BytesIO()
    Image.fromarray(pixels[..., :3]).quantize(256).save(content, "PNG", optimize=True)
    return content.getvalue()


def _draw_curve(panels: tuple[Axes, Axes, Axes], curve: Curve, against: Against, colour: str) -> None:
    loss, accuracy, rate = panels
    place, lines = PLACES[against], curve.lines
    within = against == "images" and all(line.train_losses for line in lines)
    training = list(losses_within(lines)) if within else measured(lines, place, lambda line: line.train_loss)
    _line(loss, training, colour, "-", lettering(curve.name))
    _line(loss, measured(lines, place, lambda line: line.validation_loss), colour, "--")
    _line(accuracy, measured(lines, place, lambda line: _percent(line.train_accuracy)), colour, "-")
    _line(accuracy, measured(lines, place, lambda line: _percent(line.validation_accuracy)), colour, "--")
    _line(rate, measured(lines, place, lambda line: line.rate), colour, "-")


def _line(axes: Axes, points: Sequence[Point], colour: str, style: str, name: str | None = None) -> None:
    """Draws a line; without a point only its name in the legend."""
    marker = "o" if len(points) <= 30 else ""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    axes.plot(xs, ys, style, marker=marker, ms=3, lw=1.2, color=colour, label=name)


def measured(lines: Sequence[Line], place: Place, value: Callable[[Line], float | None]) -> list[Point]:
    """The points of one quantity, where it was measured."""
    return [(place(line), y) for line in lines if (y := value(line)) is not None]


def losses_within(lines: Sequence[Line]) -> Iterator[Point]:
    """Losses of the stretches of each epoch, at the number of images trained on in their middle."""
    for line in lines:
        steps, images = line.step // line.epoch, line.images / line.epoch
        for (begin, end), loss in zip(stretch_bounds(steps), line.train_losses, strict=False):
            yield images * (line.epoch - 1 + (begin + end - 1) / 2 / steps), loss


def _percent(fraction: float | None) -> float | None:
    return None if fraction is None else 100 * fraction


def _spans_decades(lines: Sequence[Line]) -> bool:
    rates = [line.rate for line in lines]
    return 0 < 5 * min(rates) < max(rates)
