"""The roofline of a training step in print."""

from __future__ import annotations

from netspec.bench.layers import Roofline, Work, training_images
from netspec.cli.printing import say
from netspec.cli.tables import Column, show, table
from netspec.ir.recipe import Experiment

COLUMNS: tuple[Column, ...] = (
    ("layer", "left"),
    ("MFLOP", "right"),
    ("MB", "right"),
    ("forecast us", "right"),
    ("measured us", "right"),
    ("of peak", "right"),
    ("kernels", "left"),
)


def steps_an_epoch(experiment: Experiment, batch: int) -> int | None:
    """Minibatches of the training part, None where the spec does not tell its size."""
    images = training_images(experiment.data)
    return None if images is None else -(-images // batch)


def show_roofline(roofline: Roofline, experiment: Experiment) -> None:
    """Prints the table of layers and what a whole training would take."""
    total = roofline.total
    rows = (_cells(layer, roofline) for layer in roofline.layers)
    show(table(COLUMNS, rows, _cells(total, roofline, kernels=False)))
    ceilings = roofline.ceilings
    say(f"one training step of {experiment.graph.name}: {roofline.batch} images, float32, one thread")
    say(f"a core's peak is {ceilings.gflops:.0f} GFLOP/s, and it copies {ceilings.gigabytes_a_second:.1f} GB/s")
    say("every launch is measured by itself in processor time, its arrays warm; forecasts take arrays from memory")
    steps, epochs = steps_an_epoch(experiment, roofline.batch), experiment.train.epochs
    if steps is not None:
        for what, count in ((f"an epoch, {steps:,} steps", steps), (f"{epochs} epochs", epochs * steps)):
            say(f"{what}: forecast {_time(count * total.forecast_seconds)}, measured {_time(count * total.seconds)}")


def _cells(work: Work, roofline: Roofline, *, kernels: bool = True) -> tuple[str, ...]:
    return (
        work.name,
        f"{work.flops / 1e6:,.1f}",
        f"{work.moved_bytes / 1e6:,.2f}",
        f"{1e6 * work.forecast_seconds:,.0f}",
        f"{1e6 * work.seconds:,.0f}",
        f"{100 * work.of_peak(roofline.ceilings):.0f} %" if work.flops else "",
        " ".join(work.kernels) if kernels else "",
    )


def _time(seconds: float) -> str:
    """`12.3 s`, `4 min 05 s` or `2 h 03 min`"""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


def roofline_document(roofline: Roofline, experiment: Experiment) -> dict[str, object]:
    """The table as data; times of an epoch and of the training are null where the spec does not tell its images."""
    steps, total = steps_an_epoch(experiment, roofline.batch), roofline.total

    def epochs(count: int, seconds: float) -> float | None:
        return None if steps is None else count * steps * seconds

    return {
        "name": experiment.graph.name,
        "batch": roofline.batch,
        "threads": 1,
        "fma_peak_gflops": roofline.ceilings.gflops,
        "bandwidth_gigabytes_a_second": roofline.ceilings.gigabytes_a_second,
        "layers": [_document(layer, roofline) for layer in roofline.layers],
        "launches": [_document(launch, roofline) for launch in roofline.launches],
        "total": _document(total, roofline),
        "epoch_forecast_seconds": epochs(1, total.forecast_seconds),
        "epoch_seconds": epochs(1, total.seconds),
        "training_forecast_seconds": epochs(experiment.train.epochs, total.forecast_seconds),
        "training_seconds": epochs(experiment.train.epochs, total.seconds),
    }


def _document(work: Work, roofline: Roofline) -> dict[str, object]:
    return {
        "name": work.name,
        "kernels": list(work.kernels),
        "flops": work.flops,
        "bytes": work.moved_bytes,
        "forecast_seconds": work.forecast_seconds,
        "seconds": work.seconds,
        "fraction_of_peak": work.of_peak(roofline.ceilings),
    }
