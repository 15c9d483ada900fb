"""The order of the passes. Each is a pure function of a graph, and keeps every number that the graph gives; but for
`whole_windows`, after which sums may be rounded otherwise."""

from __future__ import annotations

from collections.abc import Callable

from netspec.ir.graph import Graph
from netspec.ir.verify import verify
from netspec.passes.batch_norm_gradients import fuse_batch_norm_gradients
from netspec.passes.batch_norms import fuse_batch_norms
from netspec.passes.copies import remove_copies
from netspec.passes.dead import remove_dead_nodes, remove_unread_indices
from netspec.passes.equal import merge_equal_nodes
from netspec.passes.fuse import fuse_activations
from netspec.passes.unpool import activate_before_unpooling
from netspec.passes.updates import fuse_updates
from netspec.passes.whole import whole_windows

PASSES: tuple[Callable[[Graph], Graph], ...] = (
    remove_copies,
    whole_windows,
    merge_equal_nodes,
    activate_before_unpooling,
    remove_dead_nodes,
    remove_unread_indices,
    fuse_batch_norm_gradients,
    fuse_batch_norms,
    fuse_activations,
    fuse_updates,
)


def optimize(graph: Graph) -> Graph:
    """Runs every pass once; raises CompilerBug when one leaves a malformed graph."""
    for each in PASSES:
        graph, before = each(graph), graph
        verify(graph, before)
    return graph
