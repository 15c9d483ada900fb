"""The order of launches: that of the graph's nodes, with updates moved as early as possible, which frees gradients."""

from __future__ import annotations

from netspec.ir.graph import Graph, Node


def launch_order(graph: Graph) -> tuple[Node, ...]:
    """The graph's nodes, each update directly after its last input is made and the old array is last read."""
    new_names = {update.new.name for update in graph.updates}
    old_of_new = {update.new.name: update.old.name for update in graph.updates}
    updates = [node for node in graph.nodes if all(value.name in new_names for value in node.outputs)]
    moved = set(map(id, updates))
    others = [node for node in graph.nodes if id(node) not in moved]

    olds, taken = set(old_of_new.values()), {value.name for node in updates for value in node.inputs}
    ready_after = {value.name: i for i, node in enumerate(others) for value in node.inputs if value.name in olds}
    made_at = {value.name: i for i, node in enumerate(others) for value in node.outputs if value.name in taken}

    behind: dict[int, list[Node]] = {}
    for node in updates:
        made = (made_at.get(value.name, -1) for value in node.inputs)
        read = (ready_after.get(old_of_new[value.name], -1) for value in node.outputs)
        place = max(max(made, default=-1), max(read, default=-1))
        behind.setdefault(place, []).append(node)
        made_at.update({value.name: place for value in node.outputs})

    ordered = list(behind.get(-1, ()))
    for i, node in enumerate(others):
        ordered += [node, *behind.get(i, ())]
    return tuple(ordered)
