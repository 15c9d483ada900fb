"""Checks a text given in a test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from netspec.diagnostics.message import Report
from netspec.diagnostics.text import Source
from netspec.frontend import examine
from netspec.ir.graph import Graph, Layer
from netspec.ir.recipe import Experiment
from netspec.train.limits import report_limits


def examined(
    text: str,
    *,
    with_values: Mapping[str, str] | None = None,
    settings: Sequence[str] = (),
    traced: bool = False,
) -> tuple[Experiment, Report]:
    """The experiment in a text, and what was said about it."""
    checked, report = examine(Source("<text>", text), with_values=with_values, settings=settings, traced=traced)
    assert isinstance(checked, Experiment)
    return checked, report


def graph_of(body: str, image: str = "1x28x28", before: str = "") -> Graph:
    """The graph of a net with these statements, which must be without mistakes."""
    experiment, report = examined(f"{before}\nnet n {{\ninput {image}\n{body}\n}}\n")
    assert not report.failed, [diagnostic.message for diagnostic in report.diagnostics]
    return experiment.graph


def codes_of(text: str, *, settings: Sequence[str] = ()) -> list[str]:
    """The codes reported about a text, in order of place."""
    _, report = examine(Source("<text>", text), settings=settings)
    return [diagnostic.code for diagnostic in report.sorted()]


def codes_of_check(text: str, *, settings: Sequence[str] = ()) -> list[str]:
    """The same with what matters only where the spec is trained, as `netspec check` has it."""
    checked, report = examine(Source("<text>", text), settings=settings)
    report_limits(checked, report)
    return [diagnostic.code for diagnostic in report.sorted()]


def layer(graph: Graph, name: str) -> Layer:
    """The layer of that name."""
    return next(one for one in graph.layers if one.name == name)


def shapes(graph: Graph) -> dict[str, tuple[int, ...]]:
    """Output shapes by layer, in reading order."""
    return {one.name: one.output.shape for one in graph.layers}
