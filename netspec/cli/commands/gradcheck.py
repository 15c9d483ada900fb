"""`netspec gradcheck`: the derivatives that training uses, beside finite differences."""

from __future__ import annotations

import click

from netspec.autodiff.check_gradients import TOLERANCE, GradientCheck, Method, Row, check_gradients
from netspec.bench.kernel_gradients import TOLERANCE as KERNEL_TOLERANCE
from netspec.bench.kernel_gradients import KernelCheck, KernelRow, check_kernels
from netspec.cli.device_options import device_option
from netspec.cli.experiment import load_experiment
from netspec.cli.options import json_option, override_options, spec_argument
from netspec.cli.show.printing import counted, say, say_json
from netspec.cli.show.tables import Column, show, table
from netspec.ir.recipe import Experiment
from netspec.runtime.device import DeviceChoice, open_device

COLUMNS: tuple[Column, ...] = (
    ("gradient of", "left"),
    ("checked", "right"),
    ("of", "right"),
    ("largest relative error", "right"),
    ("", "left"),
)

KERNEL_COLUMNS: tuple[Column, ...] = (
    ("array", "left"),
    ("numbers", "right"),
    ("largest relative difference", "right"),
    ("", "left"),
)

ANEW: dict[Method, str] = {"end to end": "the loss", "link by link": "the layers that read it"}


@click.command("gradcheck")
@spec_argument
@click.option(
    "--seed", type=click.IntRange(0), help="Of the images, the parameters and the sample  [default: the spec's]."
)
@device_option
@override_options
@json_option
def command(
    spec: str,
    seed: int | None,
    choice: DeviceChoice,
    with_values: dict[str, str],
    settings: tuple[str, ...],
    as_json: bool,
) -> int:
    """Compare every gradient of SPEC with finite differences; exit status 1 where one disagrees.

    Both sides are computed in float64, on random images at random parameters. Elements are sampled: all of a small
    array, else the one with the largest gradient and random others. A small net is checked end to end, by the loss; a
    large one link by link, each array by the layers that read it.

    With `--device` a step runs by its kernels, too, and every array, gradients among them, is compared with float64.
    """
    device = None if choice.kind is None else open_device(choice)
    experiment = load_experiment(spec, with_values=with_values, settings=settings)
    seed = experiment.train.seed if seed is None else seed
    graph, loss = experiment.graph, experiment.train.loss
    result = check_gradients(graph, loss, seed=seed)
    kernels = None if device is None else check_kernels(graph, loss, device, images=result.images, seed=seed)
    agrees = result.agrees and (kernels is None or kernels.agrees)
    if as_json:
        document = _document(experiment, result, seed)
        say_json({**document, "agrees": agrees, "device": kernels and _kernels_document(kernels)})
    else:
        _show(experiment, result, seed)
        if kernels is not None and kernels.rows:
            _show_kernels(experiment, kernels)
    return 0 if agrees else 1


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


def _kernels_document(kernels: KernelCheck) -> dict[str, object]:
    return {
        "name": kernels.device,
        "agrees": kernels.agrees,
        "tolerance": KERNEL_TOLERANCE,
        "rows": [_kernel_row_document(row) for row in kernels.rows],
    }


def _kernel_row_document(row: KernelRow) -> dict[str, object]:
    return {
        "name": row.name,
        "parameter": row.is_parameter,
        "elements": row.elements,
        "largest_error": row.largest_error,
        "agrees": row.agrees,
    }


def _show_kernels(experiment: Experiment, kernels: KernelCheck) -> None:
    """The gradients of parameters, what disagrees, and how many arrays were compared."""
    say()
    shown = [row for row in kernels.rows if row.is_parameter or not row.agrees]
    show(table(KERNEL_COLUMNS, (_kernel_cells(row) for row in shown)))
    say()
    wrong = sum(not row.agrees for row in kernels.rows)
    if wrong:
        count = counted(wrong, "array disagrees", "arrays disagree")
    else:
        count = counted(len(kernels.rows), "array agrees", "arrays agree")
    say(f"{experiment.graph.name}: {count} with float64, computed in float32 by {kernels.device}")
    say(f"each array from those before it; a difference of up to {KERNEL_TOLERANCE:g} of the largest number agrees")


def _kernel_cells(row: KernelRow) -> tuple[str, ...]:
    verdict = "agrees" if row.agrees else "DISAGREES"
    return row.name, f"{row.elements:,}", f"{row.largest_error:.1e}", verdict


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
