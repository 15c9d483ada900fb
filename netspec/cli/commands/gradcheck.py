"""`netspec gradcheck`: the derivatives that training uses, beside finite differences."""

from __future__ import annotations

import click

from netspec.autodiff.check_gradients import TOLERANCE, GradientCheck, Method, Row, check_gradients
from netspec.cli.experiment import load_experiment
from netspec.cli.options import json_option, override_options, spec_argument
from netspec.cli.show.printing import counted, say, say_json
from netspec.cli.show.tables import Column, show, table
from netspec.ir.recipe import Experiment

COLUMNS: tuple[Column, ...] = (
    ("gradient of", "left"),
    ("checked", "right"),
    ("of", "right"),
    ("largest relative error", "right"),
    ("", "left"),
)

ANEW: dict[Method, str] = {"end to end": "the loss", "link by link": "the layers that read it"}


@click.command("gradcheck")
@spec_argument
@click.option(
    "--seed", type=click.IntRange(0), help="Of the images, the parameters and the sample  [default: the spec's]."
)
@override_options
@json_option
def command(spec: str, seed: int | None, with_values: dict[str, str], settings: tuple[str, ...], as_json: bool) -> int:
    """Compare every gradient of SPEC with finite differences; exit status 1 where one disagrees.

    Both sides are computed in float64, on random images at random parameters. Elements are sampled: all of a small
    array, else the one with the largest gradient and random others. A small net is checked end to end, by the loss; a
    large one link by link, each array by the layers that read it.
    """
    experiment = load_experiment(spec, with_values=with_values, settings=settings)
    seed = experiment.train.seed if seed is None else seed
    result = check_gradients(experiment.graph, experiment.train.loss, seed=seed)
    say_json(_document(experiment, result, seed)) if as_json else _show(experiment, result, seed)
    return 0 if result.agrees else 1


def _document(experiment: Experiment, result: GradientCheck, seed: int) -> dict[str, object]:
    return {
        "net": experiment.graph.name,
        "loss": experiment.train.loss,
        "agrees": result.agrees,
        "method": result.method,
        "images": result.images,
        "seed": seed,
        "tolerance": TOLERANCE,
        "rows": [_row_document(row) for row in result.rows],
        "frozen": result.frozen,
    }


def _row_document(row: Row) -> dict[str, object]:
    return {
        "name": row.name,
        "kind": row.kind,
        "elements": row.elements,
        "checked": row.checked,
        "at_kinks": row.at_kinks,
        "largest_error": row.largest_error,
        "agrees": row.agrees,
    }


def _show(experiment: Experiment, result: GradientCheck, seed: int) -> None:
    show(table(COLUMNS, (_cells(row) for row in result.rows)))
    say()
    wrong = [row.name for row in result.rows if not row.agrees]
    name = experiment.graph.name
    if not result.rows:
        say(f"{name}: training moves nothing, so there is no gradient to check")
    elif wrong:
        say(f"{name}: {counted(len(wrong), 'gradient disagrees', 'gradients disagree')} with finite differences")
    else:
        say(f"{name}: {counted(len(result.rows), 'gradient agrees', 'gradients agree')} with finite differences")
    for remark in _remarks(experiment, result, seed):
        say(remark)


def _cells(row: Row) -> tuple[str, ...]:
    error = f"{row.largest_error:.1e}" if row.checked else "-"
    verdict = "agrees" if row.agrees else "DISAGREES"
    skipped = f", {row.at_kinks} at a kink left out" if row.at_kinks else ""
    return row.name, f"{row.checked:,}", f"{row.elements:,}", error, verdict + skipped


def _remarks(experiment: Experiment, result: GradientCheck, seed: int) -> list[str]:
    remarks = [
        f"checked {result.method}: each number moved, {ANEW[result.method]} computed anew",
        f"{experiment.train.loss}, float64, {result.images} random images, seed {seed}; "
        f"a relative error up to {TOLERANCE:g} agrees",
    ]
    if result.frozen:
        remarks.append(f"frozen, so without a gradient: {', '.join(result.frozen)}")
    return remarks
