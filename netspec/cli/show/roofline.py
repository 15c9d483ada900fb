"""The roofline of a program in print: what is forecast, and what `bench --layers` has measured beside it."""

from __future__ import annotations

from netspec.bench.layers import Roofline, Timed
from netspec.bench.work import Forecast, Work, by_layer, together
from netspec.cli.show.printing import say
from netspec.cli.show.tables import Column, show, table
from netspec.data.sizes import training_images
from netspec.ir.recipe import Experiment
from netspec.targets.ceilings import Ceilings

FORECAST_COLUMNS: tuple[Column, ...] = (
    ("layer", "left"),
    ("MFLOP", "right"),
    ("MB", "right"),
    ("algorithm", "left"),
    ("forecast us", "right"),
)
COLUMNS: tuple[Column, ...] = (
    ("layer", "left"),
    ("MFLOP", "right"),
    ("MB", "right"),
    ("algorithm", "left"),
    ("forecast us", "right"),
    ("measured us", "right"),
    ("of peak", "right"),
    ("kernels", "left"),
)


def steps_an_epoch(experiment: Experiment, batch: int) -> int | None:
    """Minibatches of the training part, None where its size is not known."""
    images = None if experiment.data is None else training_images(experiment.data)
    return None if images is None else -(-images // batch)


def why_no_epochs(experiment: Experiment | None, batch: int) -> str | None:
    """Why nothing is told of an epoch, where nothing is."""
    if experiment is None:
        return "the program does not train"
    if experiment.data is None:
        return "the spec names no data"
    if steps_an_epoch(experiment, batch) is None:
        return f"how many images `{experiment.data.source}` holds is known once they are read"
    return None


def show_forecast(forecast: Forecast, experiment: Experiment | None, batch: int) -> None:
    """Prints what each layer of a program should take; of an experiment's training step also an epoch and all."""
    total = together("total", forecast.works)
    show(table(FORECAST_COLUMNS, map(_work_cells, by_layer(forecast.works)), _work_cells(total)))
    if forecast.gpu is None:
        _show_ceilings(forecast.ceilings)
        say("forecasts are for one thread and take arrays from memory")
    else:
        _show_published(forecast.gpu, forecast.ceilings)
        say("forecasts take arrays from memory; nothing was measured")
    if experiment is not None:
        _show_spans(experiment, batch, forecast=total.forecast_seconds)


def show_roofline(roofline: Roofline, experiment: Experiment) -> None:
    """Prints the table of layers and what a whole training would take."""
    total = roofline.total
    rows = (_cells(layer, roofline) for layer in roofline.layers)
    show(table(COLUMNS, rows, _cells(total, roofline, kernels=False)))
    say(f"one training step of {experiment.graph.name}: {roofline.batch} images, float32, one thread")
    _show_ceilings(roofline.ceilings)
    say("every launch is measured by itself in processor time, its arrays warm; forecasts take arrays from memory")
    for name, fraction in roofline.beyond_peak.items():
        say(peak_remark(f"`{name}` does its products directly", fraction))
    _show_spans(experiment, roofline.batch, forecast=total.work.forecast_seconds, measured=total.seconds)


def peak_remark(what: str, fraction: float) -> str:
    """What is said where products are done faster than the measured peak."""
    return f"{what} at {fraction:.0%} of the peak, so the peak was measured too low: measure again on a quiet machine"


def _show_ceilings(ceilings: Ceilings) -> None:
    peak, copied = f"{ceilings.gflops:.0f} GFLOP/s", f"{ceilings.gigabytes_a_second:.1f} GB/s"
    say(f"measured just now: a core's peak is {peak}, and it copies {copied}")


def _show_published(gpu: str, ceilings: Ceilings) -> None:
    peak, moved = f"{ceilings.gflops:,.0f} GFLOP/s", f"{ceilings.gigabytes_a_second:,.0f} GB/s"
    each = f"{1e6 * ceilings.launch_seconds:g} us besides for each kernel"
    say(f"published for {gpu}: {peak} of float32, {moved} of memory; {each}")


def _show_spans(experiment: Experiment, batch: int, **step_seconds: float) -> None:
    """An epoch and the whole training, at so many seconds a step, or why nothing is told of them."""
    if why := why_no_epochs(experiment, batch):
        say(f"nothing is told of an epoch and of the whole training: {why}")
    for what, count in _spans(experiment, batch):
        say(f"{what}: {', '.join(f'{how} {_time(count * seconds)}' for how, seconds in step_seconds.items())}")


def _spans(experiment: Experiment, batch: int) -> tuple[tuple[str, int], ...]:
    """An epoch and the whole training in words and in steps; nothing where the number of images is not known."""
    steps, epochs = steps_an_epoch(experiment, batch), experiment.train.epochs
    return () if steps is None else ((f"an epoch, {steps:,} steps", steps), (f"{epochs} epochs", epochs * steps))


def _work_cells(work: Work) -> tuple[str, ...]:
    return (
        work.name,
        f"{work.flops / 1e6:,.1f}",
        f"{work.moved_bytes / 1e6:,.2f}",
        " ".join(work.algorithms),
        f"{1e6 * work.forecast_seconds:,.0f}",
    )


def _cells(layer: Timed, roofline: Roofline, *, kernels: bool = True) -> tuple[str, ...]:
    return (
        *_work_cells(layer.work),
        f"{1e6 * layer.seconds:,.0f}",
        f"{100 * layer.of_peak(roofline.ceilings):.0f} %" if layer.work.flops else "",
        " ".join(layer.work.kernels) if kernels else "",
    )


def _time(seconds: float) -> str:
    """`12.3 s`, `4 min 05 s` or `2 h 03 min`"""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


def forecast_document(forecast: Forecast, experiment: Experiment | None, batch: int) -> dict[str, object]:
    """The forecast as data; times of an epoch and of the training are null where `epoch_note` says why."""
    total, of_gpu = together("total", forecast.works), forecast.gpu is not None
    return {
        "threads": None if of_gpu else 1,
        "gpu": forecast.gpu,
        **_ceilings_document(forecast.ceilings),
        "launch_seconds": forecast.ceilings.launch_seconds if of_gpu else None,
        "layers": [_work_document(layer) for layer in by_layer(forecast.works)],
        "total": _work_document(total),
        **_spans_document(experiment, batch, "forecast_seconds", total.forecast_seconds),
        "epoch_note": why_no_epochs(experiment, batch),
    }


def roofline_document(roofline: Roofline, experiment: Experiment) -> dict[str, object]:
    """The table as data; times of an epoch and of the training are null where `epoch_note` says why."""
    total = roofline.total
    return {
        "name": experiment.graph.name,
        "batch": roofline.batch,
        "threads": 1,
        **_ceilings_document(roofline.ceilings),
        "layers": [_document(layer, roofline) for layer in roofline.layers],
        "launches": [_document(launch, roofline) for launch in roofline.launches],
        "total": _document(total, roofline),
        "beyond_peak": roofline.beyond_peak,
        **_spans_document(experiment, roofline.batch, "forecast_seconds", total.work.forecast_seconds),
        **_spans_document(experiment, roofline.batch, "seconds", total.seconds),
        "epoch_note": why_no_epochs(experiment, roofline.batch),
    }


def _ceilings_document(ceilings: Ceilings) -> dict[str, object]:
    return {
        "fma_peak_gflops": ceilings.gflops,
        "bandwidth_gigabytes_a_second": ceilings.gigabytes_a_second,
    }


def _spans_document(
    experiment: Experiment | None, batch: int, key: str, step_seconds: float
) -> dict[str, float | None]:
    spans = () if experiment is None else _spans(experiment, batch)
    epoch, training = (count * step_seconds for _, count in spans) if spans else (None, None)
    return {f"epoch_{key}": epoch, f"training_{key}": training}


def _work_document(work: Work) -> dict[str, object]:
    return {
        "name": work.name,
        "algorithms": list(work.algorithms),
        "kernels": list(work.kernels),
        "flops": work.flops,
        "least_flops": work.least_flops,
        "bytes": work.moved_bytes,
        "forecast_seconds": work.forecast_seconds,
    }


def _document(layer: Timed, roofline: Roofline) -> dict[str, object]:
    measured = {"seconds": layer.seconds, "fraction_of_peak": layer.of_peak(roofline.ceilings)}
    return {**_work_document(layer.work), **measured}
