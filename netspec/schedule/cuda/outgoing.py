"""Calls at the end of a step: collected outputs, and the report that moves the state on to the next step."""

from __future__ import annotations

from netspec.ir.graph import Graph
from netspec.schedule.cuda.calls.building import Calls, Planning, per_number, per_output

REPORTED = ("loss", "correct")
"""Outputs whose sums over a minibatch are reported, in this order."""


def collecting_calls(graph: Graph, planning: Planning) -> Calls:
    """Calls that copy batched outputs to the results, (images, elements of all), in the order of the images."""
    values = [value for value in graph.outputs if value.batched]
    width, first, calls = sum(value.elements for value in values), 0, list[Calls]()
    for value in values:
        calls.append((per_output("collect", value, planning, value, "state", "images", value.elements, width, first),))
        first += value.elements
    return tuple(call for each in calls for call in each)


def outgoing_calls(graph: Graph) -> Calls:
    """The report: each sum of `REPORTED` that the graph has, then the step to the next minibatch."""
    outputs = {value.name: value for value in graph.outputs if not value.batched}
    reports = tuple(
        per_number("report", 1, outputs[name], "state", column)
        for column, name in enumerate(REPORTED)
        if name in outputs
    )
    return (*reports, per_number("advance", 1, "state", "images"))
