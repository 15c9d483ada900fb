"""`netspec compile`: what a spec becomes, from its syntax tree to the kernels' assembly."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import click

from netspec.bench.forecast import launch_works, measure_ceilings
from netspec.cli.combinations import refuse_all_but
from netspec.cli.device_options import planning_options
from netspec.cli.experiment import load_experiment
from netspec.cli.options import find_spec, json_option, override_options, spec_argument
from netspec.cli.show.plan import plan_document, show_plan
from netspec.cli.show.printing import say, say_json
from netspec.cli.show.roofline import forecast_document, show_forecast
from netspec.compiler import COUNTED_BATCH, evaluation_program, prediction_program, step_graph, training_program
from netspec.diagnostics.message import Report
from netspec.frontend import read_source
from netspec.ir import show as graph_text
from netspec.ir.recipe import Experiment
from netspec.runtime.cache import user_cache
from netspec.runtime.cpu.code_text import Form, kernel_texts
from netspec.runtime.device import DeviceChoice, open_device
from netspec.schedule.cpu.show import listing
from netspec.syntax import show as tree_text
from netspec.syntax.parse import parse
from netspec.targets.cpu.program import Program as CpuProgram
from netspec.targets.target import Program, Target

PROGRAMS: Mapping[str, Callable[[Experiment, Target, int], Program]] = {
    "training": training_program,
    "evaluation": evaluation_program,
    "prediction": prediction_program,
}
FRONT: Mapping[str, tuple[str, ...]] = {
    "tree": ("with_values",),
    "graph": ("with_values",),
    "step": ("with_values", "settings"),
}
"""Forms before there is a program, and the options that decide them."""
FORMS = (*FRONT, "program", "llvm", "asm")


@click.command("compile")
@spec_argument
@click.option("--emit", type=click.Choice(FORMS), help="The form to print; without it, memory plan and forecast.")
@click.option("--for", "purpose", type=click.Choice(list(PROGRAMS)), default="training", help="Which program.")
@click.option("--batch", type=click.IntRange(1, 2**31 - 1), help="Images a step; the spec's if left out.")
@planning_options
@override_options
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    spec: str,
    emit: str | None,
    purpose: str,
    batch: int | None,
    choice: DeviceChoice,
    with_values: dict[str, str],
    settings: tuple[str, ...],
    as_json: bool,
) -> None:
    """Print what SPEC becomes on its way to machine code.

    Without `--emit` it is the plan of its memory, and a layer what it does and should take on this machine.

    \b
    tree      the statements as read
    graph     the checked network, an equation a line
    step      forward, loss, backward and update, optimised
    program   the launches, a line each, with algorithms, shapes, places and tiles
    llvm asm  the kernels' code
    """
    if emit is not None and emit in FRONT:
        refuse_all_but(ctx, ("spec", "emit", *FRONT[emit]), f"--emit {emit}")
        experiment = load_experiment(spec, with_values=with_values, settings=settings)
        return _print(emit, _front_text(emit, spec, experiment), as_json=as_json)
    experiment = load_experiment(spec, with_values=with_values, settings=settings)
    target = open_device(choice).target
    program = PROGRAMS[purpose](experiment, target, batch or experiment.train.batch or COUNTED_BATCH)
    assert isinstance(program, CpuProgram)
    if emit is None:
        return _outlook(program, experiment, purpose, as_json=as_json)
    return _print(emit, _back_text(emit, program), as_json=as_json)


def _outlook(program: CpuProgram, experiment: Experiment, purpose: str, *, as_json: bool) -> None:
    """The memory plan, and the forecast from what a core reaches, measured now."""
    ceilings = measure_ceilings(user_cache())
    works = launch_works(program, ceilings)
    trained = experiment if purpose == "training" else None  # only steps make up epochs
    if as_json:
        forecast = forecast_document(works, ceilings, trained, program.batch)
        return say_json({**plan_document(program), "forecast": forecast})
    show_plan(program)
    say()
    return show_forecast(works, ceilings, trained, program.batch)


def _front_text(emit: str, spec: str, experiment: Experiment) -> str:
    """The forms before there is a program."""
    if emit == "tree":
        return tree_text.show(parse(read_source(find_spec(spec)), Report()))
    return graph_text.show(experiment.graph if emit == "graph" else step_graph(experiment))


def _back_text(emit: str, program: CpuProgram) -> str:
    """The program, or the code of its kernels."""
    if emit == "program":
        return listing(program)
    form: Form = "llvm" if emit == "llvm" else "asm"
    comment = ";" if form == "llvm" else "#"
    return "\n".join(f"{comment} kernel {name}\n{text}" for name, text in kernel_texts(program, form))


def _print(emit: str, text: str, *, as_json: bool) -> None:
    say_json({"emit": emit, "text": text}) if as_json else say(text.rstrip("\n"))
