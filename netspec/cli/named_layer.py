"""The layer that a command's LAYER names."""

from __future__ import annotations

from difflib import get_close_matches

from netspec.diagnostics.failure import UsageError
from netspec.ir.graph import Graph, Layer


def find_layer(graph: Graph, name: str | None) -> Layer:
    """The layer of this name. Raises UsageError (E604) where there is none, or no name."""
    names = [layer.name for layer in graph.layers]
    if name in names:
        return graph.layers[names.index(name)]
    listed = ", ".join(names[:40]) + (", …" if len(names) > 40 else "")
    if name is None:
        raise UsageError("E604", f"which layer of `{graph.name}`?", helps=(f"there are {listed}",))
    close = get_close_matches(name, names, n=3, cutoff=0.5)
    helps = (f"did you mean {', '.join(f'`{c}`' for c in close)}?",) if close else (f"there are {listed}",)
    raise UsageError("E604", f"`{graph.name}` has no layer `{name}`", helps=helps)
