"""Counts as data: the object that `--json` prints and the rows that `--csv` writes. The keys are stable."""

from __future__ import annotations

import csv
from io import StringIO

from netspec.counting.memory import Memory
from netspec.counting.rivals import Rival
from netspec.counting.sums import Sum
from netspec.counting.symbolic import ASSUMPTION, ClosedForm, SymbolicCount
from netspec.counting.table import ACTIVATIONS, CONVENTIONS, Count, LayerCount

Document = dict[str, object]


def count_document(counted: Count, memory: Memory) -> Document:
    """Parameters, MACs and FLOPs of one image, bytes of a training step, and a list of layers."""
    return {
        "name": counted.name,
        "parameters": counted.parameters,
        "running_statistics": counted.statistics,
        "macs": counted.macs,
        "flops": counted.flops,
        "activation_bytes": counted.activation_bytes,
        "memory_bytes": memory.peak_bytes,
        "memory_batch": memory.batch,
        "memory_target": memory.target,
        "memory_note": memory.reason,
        "conventions": f"{CONVENTIONS}; {ACTIVATIONS}",
        "layers": [layer_document(layer) for layer in counted.layers],
    }


def layer_document(layer: LayerCount) -> Document:
    """One layer; `shape` and `receptive_field` are lists, the latter height and width or null."""
    return {
        "name": layer.name,
        "kind": layer.kind,
        "line": layer.line,
        "shape": list(layer.shape),
        "parameters": layer.parameters,
        "running_statistics": layer.statistics,
        "macs": layer.macs,
        "activation_bytes": layer.activation_bytes,
        "receptive_field": list(layer.receptive_field) if layer.receptive_field else None,
        "shares": list(layer.shares),
    }


def count_csv(counted: Count) -> str:
    """A header and a line a layer; sizes as `20x24x24`."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("name", "kind", "line", "shape", "parameters", "macs", "activation_bytes", "receptive_field"))
    for layer in counted.layers:
        field = size_text(layer.receptive_field) if layer.receptive_field else ""
        sizes = (layer.parameters, layer.macs, layer.activation_bytes)
        writer.writerow((layer.name, layer.kind, layer.line, size_text(layer.shape), *sizes, field))
    return text.getvalue()


def symbolic_document(counted: SymbolicCount) -> Document:
    """Closed forms as text, their values, the exact counts, and the layers that round."""
    return {
        "name": counted.name,
        "arguments": dict(counted.arguments),
        "parameters": _closed_document(counted.parameters),
        "macs": _closed_document(counted.macs),
        "assumption": ASSUMPTION,
        "roundings": [
            {"layer": rounding.layer, "closed": list(rounding.closed), "shape": list(rounding.shape)}
            for rounding in counted.roundings
        ],
        "conventions": CONVENTIONS,
        "layers": [
            {
                "name": layer.name,
                "kind": layer.kind,
                "shape": list(layer.shape),
                "parameters": layer.parameters,
                "macs": layer.macs,
            }
            for layer in counted.layers
        ],
    }


def _closed_document(closed: ClosedForm) -> Document:
    return {"form": closed.text, "value": closed.value, "count": closed.count, "exact": closed.exact}


def explain_document(layer: LayerCount, sums: tuple[Sum, ...], others: tuple[Rival, ...]) -> Document:
    """A layer's row with the sums behind it and what its rivals cost."""
    return {
        **layer_document(layer),
        "sums": [_sum_document(total) for total in sums],
        "rivals": [
            {
                "name": rival.name,
                "own": rival.own,
                "parameters": _sum_document(rival.parameters),
                "macs": _sum_document(rival.macs),
            }
            for rival in others
        ],
        "conventions": CONVENTIONS,
    }


def _sum_document(total: Sum) -> Document:
    return {"what": total.what, "formula": total.formula, "value": total.value}


def size_text(shape: tuple[int, ...]) -> str:
    """`20x24x24`; a single number has an empty shape and is `1`."""
    return "x".join(str(size) for size in shape) or "1"


def layer_title(name: str, kind: str) -> str:
    """`conv1`; a layer with a name of its own tells its kind: `shortcut (conv)`."""
    return name if name.rpartition(".")[2].rstrip("0123456789") == kind else f"{name} ({kind})"
