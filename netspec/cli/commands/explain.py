"""`netspec explain`: a layer's numbers as sums beside its rivals, or what an error code means."""

from __future__ import annotations

import re
from difflib import get_close_matches

import click

from netspec.cli.experiment import load_experiment
from netspec.cli.named_layer import find_layer
from netspec.cli.options import json_option, override_options
from netspec.cli.show.printing import say, say_json
from netspec.cli.show.tables import Column, show, table
from netspec.counting.document import explain_document, layer_title, size_text
from netspec.counting.rivals import Rival, rivals
from netspec.counting.sums import Sum, layer_sums
from netspec.counting.table import CONVENTIONS, LayerCount, count
from netspec.diagnostics import catalogue
from netspec.diagnostics.failure import UsageError
from netspec.ir.graph import Graph, Layer

CODE = re.compile(r"[EW]\d{3}", re.IGNORECASE)
RIVAL_COLUMNS: tuple[Column, ...] = (
    ("the same outputs", "left"),
    ("parameters", "right"),
    ("MACs", "right"),
    ("parameters written out", "left"),
)


@click.command("explain")
@click.argument("subject", metavar="SPEC|CODE")
@click.argument("layer", required=False)
@override_options
@json_option
def command(
    subject: str, layer: str | None, with_values: dict[str, str], settings: tuple[str, ...], as_json: bool
) -> None:
    """Write out the numbers of LAYER of a spec (`netspec explain lenet conv2`), or explain an error (`E301`).

    Beside a layer with weights stands what it would cost untied and fully connected.
    """
    if layer is None and CODE.fullmatch(subject):
        return explain_code(subject.upper(), as_json=as_json)
    graph = load_experiment(subject, with_values=with_values, settings=settings).graph
    return explain_layer(graph, layer, as_json=as_json)


def explain_code(code: str, *, as_json: bool) -> None:
    """Prints the long form of a code. Raises UsageError (E605) for one that does not exist."""
    text = catalogue.explain(code)
    if text is None:
        close = get_close_matches(code, sorted(catalogue.codes()), n=3)
        helps = (f"did you mean {' or '.join(close)}?",) if close else ()
        raise UsageError("E605", f"there is no error code {code}", helps=helps)
    say_json({"code": code, "text": text}) if as_json else say(text.strip())


def explain_layer(graph: Graph, name: str | None, *, as_json: bool) -> None:
    """Prints a layer's sums. Raises UsageError (E604) where no layer has that name."""
    chosen = find_layer(graph, name)
    row = next(row for row in count(graph).layers if row.name == chosen.name)
    sums, others = layer_sums(chosen, row), rivals(chosen)
    if as_json:
        say_json(explain_document(row, sums, others))
    else:
        _show(graph, chosen, row, sums, others)


def _show(graph: Graph, layer: Layer, row: LayerCount, sums: tuple[Sum, ...], others: tuple[Rival, ...]) -> None:
    given = " and ".join(size_text(value.shape) for value in layer.inputs)
    say(f"{layer_title(row.name, row.kind)} of {graph.name}, line {row.line}: {_statement(layer)}")
    say(f"{given} in, {size_text(row.shape)} out" if given else f"{size_text(row.shape)} out")
    say()
    width = max(len(total.what) for total in sums)
    for total in sums:
        say(f"{total.what.ljust(width)}  {total.formula} = {total.value:,}")
    if row.receptive_field:
        say(f"{'receptive field'.ljust(width)}  {size_text(row.receptive_field)} pixels of the image")
    if row.shares:
        say(f"{'shared'.ljust(width)}  {', '.join(row.shares)}: counted where it stands first")
    if others:
        say()
        show(table(RIVAL_COLUMNS, (_rival_cells(rival) for rival in others)))
    for text in remarks(layer, others):
        say()
        say(text)
    say()
    say(f"conventions: {CONVENTIONS}")


def _statement(layer: Layer) -> str:
    """The spec's own words, up to a block."""
    return layer.span.text.partition("{")[0].partition("\n")[0].strip()


def _rival_cells(rival: Rival) -> tuple[str, ...]:
    mark = "  <- this layer" if rival.own else ""
    return rival.name + mark, f"{rival.parameters.value:,}", f"{rival.macs.value:,}", rival.parameters.formula


def remarks(layer: Layer, others: tuple[Rival, ...]) -> list[str]:
    """What the numbers say, in words."""
    if others:
        tied, untied, dense = (rival.parameters.value for rival in others)
        return [
            f"Tied weights: {_times(untied / tied)} fewer parameters than a kernel for each position.",
            f"Local receptive fields: {_times(dense / untied)} fewer than with every input at every output.",
        ]
    if layer.kind == "dense":
        return ["Every output sees every input, and no weight serves twice: this is the fully connected layer itself."]
    if layer.kind == "pool" and layer.inputs[0].elements > layer.output.elements:
        before, after = layer.inputs[0].elements, layer.output.elements
        return [f"Subsampling: {before:,} numbers come in and {after:,} go on, {_times(before / after)} fewer."]
    return []


def _times(ratio: float) -> str:
    """`64 times`, `5.8 times`"""
    return f"{ratio:,.0f} times" if ratio >= 100 or ratio == int(ratio) else f"{ratio:.1f} times"
