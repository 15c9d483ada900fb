"""What `netspec bench` prints of steps or predictions: netspec's times, and those of what it was measured beside."""

from __future__ import annotations

from netspec.bench.compare import Beside, Comparison, Timing
from netspec.bench.layers import exceeds_peak
from netspec.bench.peers import TORCH
from netspec.cli.show.printing import say
from netspec.cli.show.roofline import peak_remark
from netspec.cli.show.tables import Column, show, table

COLUMNS: tuple[Column, ...] = (
    ("side", "left"),
    ("min ms", "right"),
    ("median ms", "right"),
    ("max ms", "right"),
    ("images/s", "right"),
)


def comparison_document(measured: Comparison) -> dict[str, object]:
    """The keys of `bench --json`; PyTorch's are null where it was not measured."""
    torch = next((beside for beside in measured.beside if beside.peer is TORCH), None)
    timings = {"netspec": measured.netspec}
    timings |= {_key(beside, timing): timing for beside in measured.beside for timing in beside.variants}
    return {
        "spec": measured.job.net,
        "threads": measured.job.threads,
        "batch": measured.job.batch,
        "task": "predict" if measured.job.predict else "train",
        "netspec_seconds": measured.netspec.median,
        "torch_seconds": torch.best.median if torch else None,
        "torch_variant": torch.best.name if torch else None,
        "ratio": measured.ratio(torch) if torch else None,
        "peers": [_peer_document(measured, beside) for beside in measured.beside],
        "fma_peak_gflops": measured.fma_peak_gflops,
        "fma_peak_threads_gflops": measured.fma_peak_threads_gflops,
        "products_of_peak": measured.products_of_peak,
        "rounds": measured.rounds,
        "discarded_rounds": measured.discarded,
        "netspec_rss_bytes": measured.netspec.rss_bytes,
        "torch_rss_bytes": torch.best.rss_bytes if torch else None,
        "involuntary_switches_a_second": {name: timing.switches_a_second for name, timing in timings.items()},
        "remarks": comparison_remarks(measured),
        "variants": {name: timing.median for name, timing in timings.items()},
    }


def _peer_document(measured: Comparison, beside: Beside) -> dict[str, object]:
    return {
        "peer": beside.peer.name,
        "seconds": beside.best.median,
        "variant": beside.best.name,
        "ratio": measured.ratio(beside),
        "rss_bytes": beside.best.rss_bytes,
    }


def _key(beside: Beside, timing: Timing) -> str:
    """A variant's name among those of all peers; PyTorch's stand by themselves."""
    return timing.name if beside.peer is TORCH else f"{beside.peer.name}, {timing.name}"


def show_comparison(measured: Comparison) -> None:
    rows = [_row("netspec", measured.netspec, measured.job.batch)]
    for beside in measured.beside:
        rows += [_row(f"{beside.peer.title}, {each.name}", each, measured.job.batch) for each in beside.variants]
    show(table(COLUMNS, rows))
    job = measured.job
    what = "prediction" if job.predict else "training step"
    say(f"one {what} of {job.net}: {job.batch} images, float32, threads: {job.threads}")
    say(f"{measured.rounds} rounds kept, {measured.discarded} disturbed ones done again")
    say(f"peak of a register-only FMA loop, one core: {measured.fma_peak_gflops:.0f} GFLOP/s{_together(measured)}")
    _show_memory(measured)
    for remark in comparison_remarks(measured):
        say(remark)
    for beside in measured.beside:
        title, variant = beside.peer.title, beside.best.name
        say(f"ratio: {measured.ratio(beside):.2f} (median of {title}'s best variant, {variant}, over netspec's)")


def _row(name: str, timing: Timing, images: int) -> tuple[str, ...]:
    times = sorted(timing.seconds)
    milliseconds = (f"{1e3 * seconds:.3f}" for seconds in (times[0], timing.median, times[-1]))
    return (name, *milliseconds, f"{images / timing.median:,.0f}")


def comparison_remarks(measured: Comparison) -> list[str]:
    """Variants that did not run, and what shows that the peak is none."""
    fraction = measured.products_of_peak
    beyond = [peak_remark("netspec's step does its products", fraction)] if exceeds_peak(fraction) else []
    return [*measured.remarks, *beyond]


def _together(measured: Comparison) -> str:
    """What all threads reach beside the peak of one, where there are more."""
    if measured.job.threads == 1:
        return ""
    together = measured.fma_peak_threads_gflops
    times = together / measured.fma_peak_gflops
    return f"; {measured.job.threads} threads: {together:.0f} GFLOP/s, {times:.2f} times as much"


def _show_memory(measured: Comparison) -> None:
    sides = [("netspec", measured.netspec), *((beside.peer.title, beside.best) for beside in measured.beside)]
    texts = (f"{name} {side.rss_bytes / 2**20:,.0f} MiB" for name, side in sides if side.rss_bytes)
    say(f"most memory resident during a step, interpreter and libraries included: {', '.join(texts)}")
