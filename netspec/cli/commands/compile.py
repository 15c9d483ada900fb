"""`netspec compile`: what a spec becomes, from its syntax tree to the kernels' machine code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module

import click

from netspec.bench import cuda_forecast
from netspec.bench.forecast import launch_works, measure_ceilings
from netspec.bench.work import Forecast
from netspec.cli.combinations import refuse_all_but
from netspec.cli.device_options import check_architecture, planning_options, target_option
from netspec.cli.experiment import load_experiment
from netspec.cli.memory import check_memory, memory_option
from netspec.cli.options import find_spec, json_option, override_options, spec_argument
from netspec.cli.show.plan import plan_document, show_plan
from netspec.cli.show.printing import say, say_json
from netspec.cli.show.roofline import forecast_document, show_forecast
from netspec.compiler import COUNTED_BATCH, evaluation_program, prediction_program, step_graph, training_program
from netspec.diagnostics.failure import UsageError
from netspec.diagnostics.message import Report
from netspec.frontend import read_source
from netspec.ir import show as graph_text
from netspec.ir.recipe import Experiment
from netspec.runtime.cache import user_cache
from netspec.runtime.cpu import code_text
from netspec.runtime.cuda.packages import check_compiler
from netspec.runtime.device import DeviceChoice, open_target
from netspec.schedule.cpu import show as cpu_text
from netspec.schedule.cuda import show as cuda_text
from netspec.syntax import show as tree_text
from netspec.syntax.parse import parse
from netspec.targets.cpu.program import Program as CpuProgram
from netspec.targets.cuda.ceilings import published_ceilings
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
CODE: Mapping[str, tuple[str, str]] = {
    "llvm": ("cpu", ";"),
    "asm": ("cpu", "#"),
    "ptx": ("cuda", "//"),
    "sass": ("cuda", "//"),
}
"""Code of kernels: the device that has it, and how its comments begin."""
FORMS = (*FRONT, "program", *CODE)


@click.command("compile")
@spec_argument
@click.option("--emit", type=click.Choice(FORMS), help="The form to print; without it, memory plan and forecast.")
@click.option("--for", "purpose", type=click.Choice(list(PROGRAMS)), default="training", help="Which program.")
@click.option("--batch", type=click.IntRange(1, 2**31 - 1), help="Images a step; the spec's if left out.")
@target_option
@memory_option
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
    architecture: str | None,
    memory: int | None,
    choice: DeviceChoice,
    with_values: dict[str, str],
    settings: tuple[str, ...],
    as_json: bool,
) -> None:
    """Print what SPEC becomes on its way to machine code.

    Without `--emit` it is the plan of its memory, and a layer what it does and should take: on this machine, or with
    `--device cuda` on a GPU, which need not be there.

    \b
    tree      the statements as read
    graph     the checked network, an equation a line
    step      forward, loss, backward and update, optimised
    program   the launches, a line each, with algorithms, shapes and places
    llvm asm  the code of the CPU's kernels
    ptx sass  the code of a GPU's kernels
    """
    if emit is not None and emit in FRONT:
        refuse_all_but(ctx, ("spec", "emit", *FRONT[emit]), f"--emit {emit}")
        experiment = load_experiment(spec, with_values=with_values, settings=settings)
        return _print(emit, _front_text(emit, spec, experiment), as_json=as_json)
    _check_device(emit, choice, architecture)
    experiment = load_experiment(spec, with_values=with_values, settings=settings)
    target, images = open_target(choice, architecture), batch or experiment.train.batch or COUNTED_BATCH

    def plan(images: int) -> Program:
        return PROGRAMS[purpose](experiment, target, images)

    program = plan(images)
    check_memory(program, memory, plan)
    if emit is None:
        return _outlook(program, experiment, purpose, as_json=as_json)
    return _print(emit, _back_text(emit, program), as_json=as_json)


def _check_device(emit: str | None, choice: DeviceChoice, architecture: str | None) -> None:
    """Raises UsageError (E610) where the form, or `--target`, is another device's."""
    check_architecture(choice, architecture)
    if emit is None or emit not in CODE:
        return
    kind, chosen = CODE[emit][0], choice.kind or "cpu"
    if kind != chosen:
        raise UsageError("E610", f"`--emit {emit}` needs `--device {kind}`, and the device is {chosen}")


def _outlook(program: Program, experiment: Experiment, purpose: str, *, as_json: bool) -> None:
    """The memory plan, and the forecast."""
    forecast = _forecast(program)
    trained = experiment if purpose == "training" else None  # only steps make up epochs
    if as_json:
        document = forecast_document(forecast, trained, program.batch)
        return say_json({**plan_document(program), "forecast": document})
    show_plan(program)
    say()
    return show_forecast(forecast, trained, program.batch)


def _forecast(program: Program) -> Forecast:
    """By what a core of this machine reaches, measured now, or by what is published of a GPU."""
    if isinstance(program, CpuProgram):
        ceilings = measure_ceilings(user_cache())
        return Forecast(launch_works(program, ceilings), ceilings)
    gpu, ceilings = published_ceilings(program.target)
    return Forecast(cuda_forecast.launch_works(program, ceilings), ceilings, gpu)


def _front_text(emit: str, spec: str, experiment: Experiment) -> str:
    """The forms before there is a program."""
    if emit == "tree":
        return tree_text.show(parse(read_source(find_spec(spec)), Report()))
    return graph_text.show(experiment.graph if emit == "graph" else step_graph(experiment))


def _back_text(emit: str, program: Program) -> str:
    """The program, or the code of its kernels."""
    if emit == "program":
        return cpu_text.listing(program) if isinstance(program, CpuProgram) else cuda_text.listing(program)
    comment = CODE[emit][1]
    return "\n".join(f"{comment} kernel {name}\n{text}" for name, text in _kernel_texts(emit, program))


def _kernel_texts(emit: str, program: Program) -> Iterable[tuple[str, str]]:
    """Names and code. Raises DeviceError (E597) where packages are missing that compile for a GPU."""
    if isinstance(program, CpuProgram):
        return code_text.kernel_texts(program, "llvm" if emit == "llvm" else "asm")
    check_compiler()
    return import_module("netspec.runtime.cuda.code_text").kernel_texts(program, emit)


def _print(emit: str, text: str, *, as_json: bool) -> None:
    say_json({"emit": emit, "text": text}) if as_json else say(text.rstrip("\n"))
