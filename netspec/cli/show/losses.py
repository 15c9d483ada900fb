"""What `netspec bench --losses` prints: losses side by side at some steps, and how far each run drifted."""

from __future__ import annotations

from netspec.bench.losses import Losses
from netspec.cli.show.printing import say
from netspec.cli.show.tables import Column, show, table

SHOWN = (1, 2, 5)
"""steps shown of every power of ten"""


def show_losses(measured: Losses) -> None:
    """A row for some steps, a column for each run, then the verdict."""
    columns: tuple[Column, ...] = (("step", "right"), *((name, "right") for name in measured.runs))
    rows = [
        (f"{step:,}", *(f"{losses[step - 1]:.7f}" for losses in measured.runs.values()))
        for step in _shown_steps(len(measured.runs["netspec"]))
    ]
    show(table(columns, rows))
    job = measured.job
    say(f"mean losses of {job.net}: {job.batch} images a step, from the same weights, images and recipe")
    for name, drift in measured.drifts.items():
        say(f"{name}: at most {drift:.2g} from float64")
    verdict = "within" if measured.agree else "MORE THAN"
    say(f"netspec's drift is {verdict} what reordered float32 sums explain, {measured.allowed:.2g}")


def _shown_steps(steps: int) -> list[int]:
    chosen = [k * 10**power for power in range(len(str(steps))) for k in SHOWN if k * 10**power < steps]
    return [*chosen, steps]


def losses_document(measured: Losses) -> dict[str, object]:
    """The keys of `bench --losses --json`."""
    return {
        "spec": measured.job.net,
        "batch": measured.job.batch,
        "threads": measured.job.threads,
        "losses": {name: list(losses) for name, losses in measured.runs.items()},
        "drifts": dict(measured.drifts),
        "allowed_drift": measured.allowed,
        "agree": measured.agree,
    }
