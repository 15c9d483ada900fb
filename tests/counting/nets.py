"""Checked graphs of small texts."""

from netspec.diagnostics.text import Source
from netspec.frontend import check
from netspec.ir.graph import Graph
from netspec.ir.recipe import Experiment


def graph(body: str, *, traced: bool = False, **arguments: int) -> Graph:
    """The graph of `net n { body }`, or with arguments of `net n(D=8) { body }`."""
    head = f"({', '.join(f'{name}={value}' for name, value in arguments.items())})" if arguments else ""
    checked = check(Source("<test>", f"net n{head} {{ {body} }}"), traced=traced)
    assert isinstance(checked, Experiment)
    return checked.graph
