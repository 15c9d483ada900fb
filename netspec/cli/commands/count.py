"""`netspec count`: what a network costs, layer by layer, as numbers or as closed forms."""

from __future__ import annotations

from collections.abc import Mapping

import click

from netspec.cli.combinations import USUAL, refuse_what_is_ignored
from netspec.cli.device_options import check_architecture, device_option, target_option
from netspec.cli.experiment import load_experiment
from netspec.cli.memory import check_memory, memory_option
from netspec.cli.options import json_option, override_options, spec_argument
from netspec.cli.show.printing import remark, say, say_json
from netspec.cli.show.tables import Column, show, table
from netspec.compiler import COUNTED_BATCH, training_program
from netspec.counting.document import count_csv, count_document, layer_title, size_text, symbolic_document
from netspec.counting.memory import Memory, planned, unplanned
from netspec.counting.symbolic import ASSUMPTION, ClosedForm, SymbolicCount, symbolic_count
from netspec.counting.table import ACTIVATIONS, CONVENTIONS, Count, LayerCount, count
from netspec.diagnostics.failure import NetspecError, UsageError
from netspec.ir.recipe import Experiment
from netspec.runtime.cpu.host import host_target
from netspec.runtime.device import DeviceChoice, open_target
from netspec.targets.target import Program, Target

COLUMNS: tuple[Column, ...] = (
    ("layer", "left"),
    ("output", "left"),
    ("parameters", "right"),
    ("MACs", "right"),
    ("activation bytes", "right"),
    ("receptive field", "right"),
)
SYMBOLIC_COLUMNS: tuple[Column, ...] = (("layer", "left"), ("output", "left"), ("parameters", "left"), ("MACs", "left"))
NET = ("spec", "with_values", "settings")
TAKES: Mapping[str, tuple[str, ...]] = {
    "symbolic": NET,
    "as_csv": NET,
    USUAL: (*NET, "device", "architecture", "memory"),
}
"""What can be counted, and what each of it takes."""


@click.command("count")
@spec_argument
@click.option("--symbolic", is_flag=True, help="Closed forms in the net's own parameters, by SymPy.")
@click.option("--csv", "as_csv", is_flag=True, help="A line a layer, comma-separated.")
@target_option
@memory_option
@device_option
@override_options
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    spec: str,
    symbolic: bool,
    as_csv: bool,
    architecture: str | None,
    memory: int | None,
    choice: DeviceChoice,
    with_values: dict[str, str],
    settings: tuple[str, ...],
    as_json: bool,
) -> None:
    """Count parameters, multiply-adds, activations and memory of SPEC, layer by layer.

    The memory is that of a training step as planned for this machine, or with `--device cuda` for a GPU, which need not
    be there.
    """
    if as_csv and (as_json or symbolic):
        raise UsageError("E610", "`--csv` goes neither with `--json` nor with `--symbolic`")
    refuse_what_is_ignored(ctx, TAKES)
    experiment = load_experiment(spec, with_values=with_values, settings=settings, traced=symbolic)
    if symbolic:
        forms = symbolic_count(experiment.graph)
        say_json(symbolic_document(forms)) if as_json else show_symbolic(forms)
    elif as_csv:
        say(count_csv(count(experiment.graph)).rstrip("\n"))
        remark(CONVENTIONS)
    else:
        check_architecture(choice, architecture)
        target = open_target(choice, architecture) if choice.kind == "cuda" else host_target()
        needed = training_memory(experiment, target, memory)
        counted = count(experiment.graph)
        say_json(count_document(counted, needed)) if as_json else show_count(counted, needed)


def training_memory(experiment: Experiment, target: Target, limit_bytes: int | None = None) -> Memory:
    """The arena of one training step at the spec's batch, as planned for a target. Raises DeviceError (E590) where that
    is more than `limit_bytes`."""

    def plan(images: int | None = None) -> Program:
        return training_program(experiment, target, images)

    try:
        program = plan()
    except NetspecError as error:
        if limit_bytes is not None:
            raise
        return unplanned(experiment.train.batch or COUNTED_BATCH, error)
    check_memory(program, limit_bytes, plan)
    return planned(program)


def show_count(counted: Count, memory: Memory) -> None:
    """The table, the totals, and how they are counted."""
    sums = (counted.parameters, counted.macs, counted.activation_bytes)
    totals = ("total", "", *(f"{number:,}" for number in sums), "")
    show(table(COLUMNS, (_cells(layer) for layer in counted.layers), totals))
    say()
    say(f"{counted.name}: {counted.parameters:,} parameters, {counted.macs:,} MACs, {counted.flops:,} FLOPs")
    if counted.statistics:
        say(f"running statistics: {counted.statistics:,} numbers, not trained")
    say(_memory_line(memory))
    say(f"conventions: {CONVENTIONS}; {ACTIVATIONS}")


def _cells(layer: LayerCount) -> tuple[str, ...]:
    shared = f" (shares {', '.join(layer.shares)})" if layer.shares else ""
    return (
        layer_title(layer.name, layer.kind) + shared,
        size_text(layer.shape),
        f"{layer.parameters:,}",
        f"{layer.macs:,}",
        f"{layer.activation_bytes:,}",
        size_text(layer.receptive_field) if layer.receptive_field else "",
    )


def _memory_line(memory: Memory) -> str:
    if memory.peak_bytes is None:
        return f"training memory: no plan at batch {memory.batch}, {memory.reason}"
    size = f"{memory.peak_bytes:,} bytes ({_rounded(memory.peak_bytes)})"
    return f"training memory: {size} at batch {memory.batch}, as planned for {memory.target}"


def _rounded(size_bytes: int) -> str:
    """`7.7 MiB`"""
    scale, unit = (2**30, "GiB") if size_bytes >= 2**30 else (2**20, "MiB") if size_bytes >= 2**20 else (2**10, "KiB")
    return f"{size_bytes / scale:,.1f} {unit}"


def show_symbolic(forms: SymbolicCount) -> None:
    """Closed forms layer by layer, their sums, and where a sum does not tell the count."""
    rows = (
        (layer_title(layer.name, layer.kind), " × ".join(map(_factor, layer.shape)), layer.parameters, layer.macs)
        for layer in forms.layers
    )
    show(table(SYMBOLIC_COLUMNS, rows))
    say()
    say(_symbolic_head(forms))
    say(f"parameters = {_closed_text(forms.parameters)}")
    say(f"MACs = {_closed_text(forms.macs)}")
    if absent := [f"{name}={value}" for name, value in forms.arguments if name not in forms.symbols]:
        say(f"these forms hold at {', '.join(absent)}, which {'sets' if len(absent) == 1 else 'set'} no size")
    for rounding in forms.roundings:
        say(f"`{rounding.layer}` rounds: {' × '.join(rounding.closed)} becomes {' × '.join(map(str, rounding.shape))}")
    say(f"conventions: {CONVENTIONS}")


def _symbolic_head(forms: SymbolicCount) -> str:
    if not forms.arguments:
        return f"{forms.name} has no parameters of its own, as `net {forms.name}(D=32)` would have:"
    return f"{forms.name}({', '.join(f'{name}={value}' for name, value in forms.arguments)}), {ASSUMPTION}:"


def _factor(form: str) -> str:
    return f"({form})" if " " in form else form


def _closed_text(form: ClosedForm) -> str:
    exact = "" if form.exact else f"; exact count: {form.count}"
    return f"{form.text} = {form.value}{exact}" if form.text != form.value else form.text
