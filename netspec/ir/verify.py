"""Checks that a graph is well formed. Every stage and every pass is followed by it; a failure is a bug of netspec."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from netspec.diagnostics.failure import CompilerBug
from netspec.ir import operations as ops
from netspec.ir.graph import Graph, Layer, Node, Update, Value
from netspec.ir.operations import Operation, Window
from netspec.ir.shapes import output_shapes
from netspec.ir.show import show, show_node

LOSS_LAYER = "loss"
"""What nodes of the loss name as their layer; no statement of a spec stands for them."""


def verify(graph: Graph, before: Graph | None = None) -> None:
    """Raises CompilerBug, with the failing node and the printed graph, unless all of this holds:

    names are unique and values defined before they are used, always as the same Value; every node's values are of the
    kinds (batched or not, float32 or int32) that its operation takes and makes, and of the shapes of its shape rule;
    windows are positive and borders not negative; layers name values that exist and hold exactly the nodes attributed
    to them; an update replaces a parameter or a state, once, by an array of the same shape, and nothing reads the old
    array after the new one is made.

    `before` is a graph that was verified and that this one was made from: what a node holds by itself, kinds, shapes
    and windows, is not looked at again in the nodes that are the same; the graph itself, not at all.
    """
    if graph is before:
        return
    settled = frozenset(map(id, before.nodes)) if before is not None else frozenset[int]()
    try:
        defined = _define_sources(graph)
        olds = _olds(graph)
        replaced: dict[str, str] = {}
        for node in graph.nodes:
            _check_node(node, defined, settled, replaced)
            for value in node.outputs:
                if value.name in olds:
                    replaced.update(dict.fromkeys(olds[value.name], value.name))
        _check_known(graph.outputs, defined)
        _check_layers(graph, defined)
        _check_updates(graph, defined, replaced)
    except CompilerBug as bug:
        raise CompilerBug(f"{bug}\n\n{show(graph)}") from None


def _require(holds: bool, what: str, *values: object) -> None:
    """`what` is formatted only when it is needed: a graph has tens of thousands of nodes."""
    if not holds:
        raise CompilerBug(what.format(*values))


def _olds(graph: Graph) -> dict[str, list[str]]:
    """What each new array replaces."""
    olds: dict[str, list[str]] = {}
    for update in graph.updates:
        olds.setdefault(update.new.name, []).append(update.old.name)
    return olds


def _define_sources(graph: Graph) -> dict[str, Value]:
    """Everything that exists before the first node runs."""
    kept = [*(parameter.value for parameter in graph.parameters), *(state.value for state in graph.states)]
    _require(not any(value.batched for value in kept), "a parameter or state is batched")
    defined: dict[str, Value] = {}
    _define((*graph.inputs, *kept), defined)
    return defined


def _define(values: Iterable[Value], defined: dict[str, Value]) -> None:
    for value in values:
        _require(value.name not in defined, "`{}` is defined twice", value.name)
        defined[value.name] = value


def _check_known(values: Iterable[Value], defined: Mapping[str, Value]) -> None:
    for value in values:
        known = defined.get(value.name)
        if known is value:
            continue
        _require(known is not None, "`{}` is used before it is defined", value.name)
        _require(known == value, "`{}` is used as {} but made as {}", value.name, value, known)


def _check_node(node: Node, defined: dict[str, Value], settled: frozenset[int], replaced: Mapping[str, str]) -> None:
    """`replaced` names the arrays that are out of date by now, and what is instead of each."""
    try:
        _check_known(node.inputs, defined)
        late = next((value.name for value in node.inputs if value.name in replaced), "")
        _require(not late, "`{}` is read after `{}`, its new value, is made", late, replaced.get(late))
        if id(node) not in settled:
            _check_kinds(node)
            _check_window(getattr(node.operation, "window", None))
            _check_shapes(node)
        _define(node.outputs, defined)
    except CompilerBug as bug:
        raise CompilerBug(f"{bug}\nin the node: {show_node(node)}") from None


def _check_kinds(node: Node) -> None:
    kinds, pattern = f"{_kinds(node.inputs)}>{_kinds(node.outputs)}", SIGNATURES[type(node.operation)]
    _require(re.fullmatch(pattern, kinds) is not None, "the kinds `{}` are not `{}`", kinds, pattern)


def _check_window(window: Window | None) -> None:
    if window is not None:
        _require(min(*window.kernel, *window.stride, *window.dilation) >= 1, "a size below one in {}", window)
        _require(min(*window.before, *window.after) >= 0, "a border below zero in {}", window)


def _check_shapes(node: Node) -> None:
    declared = tuple(value.shape for value in node.outputs)
    shapes = output_shapes(node.operation, tuple(value.shape for value in node.inputs), declared)
    _require(shapes == declared, "the shape rule gives {}, declared is {}", shapes, declared)


def _kinds(values: tuple[Value, ...]) -> str:
    """A letter a value, as in SIGNATURES."""
    return "".join(KINDS[value.dtype, value.batched] for value in values)


def _check_layers(graph: Graph, defined: Mapping[str, Value]) -> None:
    nodes: dict[str, list[Node]] = {layer.name: [] for layer in graph.layers}
    _require(len(nodes) == len(graph.layers), "two layers have the same name")
    for node in graph.nodes:
        _require(node.layer in nodes or node.layer == LOSS_LAYER, "no layer is called `{}`", node.layer)
        nodes.setdefault(node.layer, []).append(node)
    parameters = {parameter.value.name for parameter in graph.parameters}
    for layer in graph.layers:
        try:
            _check_layer(layer, tuple(nodes[layer.name]), parameters, defined)
        except CompilerBug as bug:
            raise CompilerBug(f"{bug}\nin the layer `{layer.name}`") from None


def _check_layer(layer: Layer, nodes: tuple[Node, ...], parameters: set[str], defined: Mapping[str, Value]) -> None:
    _check_known((*layer.inputs, layer.output), defined)
    _require(layer.nodes == nodes, "it does not hold exactly the nodes that name it")
    _require(set(layer.parameters) <= parameters, "it uses {}, of which not all exist", layer.parameters)
    _require(set(layer.owned) <= set(layer.parameters), "it owns {} but uses {}", layer.owned, layer.parameters)


def _check_updates(graph: Graph, defined: Mapping[str, Value], replaced: Mapping[str, str]) -> None:
    kept = {each.value.name for each in (*graph.parameters, *graph.states)}
    _require(len({update.old.name for update in graph.updates}) == len(graph.updates), "something is updated twice")
    for update in graph.updates:
        _check_known((update.old, update.new), defined)
        _require(update.old.name in kept, "`{}` is updated but is no parameter or state", update.old.name)
        _require(_interchangeable(update), "{} cannot replace {}", update.new, update.old)
        made = update.old.name in replaced
        _require(made, "`{}` replaces `{}` but no node makes it", update.new.name, update.old.name)


def _interchangeable(update: Update) -> bool:
    old, new = update.old, update.new
    return (old.shape, old.dtype, old.batched) == (new.shape, new.dtype, new.batched)


KINDS = {("float32", True): "x", ("float32", False): "w", ("int32", True): "i", ("int32", False): "j"}
SIGNATURES: Mapping[type[Operation], str] = {
    # `x`: batched float32, an activation; `w`: float32 without a batch axis, a parameter; `i`: batched int32.
    # Regular expressions over a letter an input, `>`, a letter an output.
    ops.Activation: "x>x",
    ops.ActivationGradient: "xx>x",
    ops.GuidedGradient: "xx>x",
    ops.Convolution: "xww?>x",
    ops.ConvolutionInputGradient: "xw>x",
    ops.ConvolutionWeightGradient: "xx>w",
    ops.Deconvolution: "xww?>x",
    ops.Local: "xww?>x",
    ops.LocalInputGradient: "xw>x",
    ops.LocalWeightGradient: "xx>w",
    ops.Dense: "xww?>x",
    ops.DenseInputGradient: "xw>x",
    ops.DenseWeightGradient: "xx>w",
    ops.ChannelSum: "x>w",
    ops.BatchSum: "x>w",
    ops.MaxPool: "x>xi?",
    ops.PooledConvolution: "xww?>xi?",
    ops.MaxPoolGradient: "ix>x",
    ops.AveragePool: "x>x",
    ops.AveragePoolGradient: "x>x",
    ops.Upsample: "x>x",
    ops.UpsampleGradient: "x>x",
    ops.BatchNorm: "xwwww>x",
    ops.BatchNormInputGradient: "xww>x",
    ops.BatchNormTraining: "xwwwwx?>xwwww",
    ops.BatchNormGradient: "xwwwwx+>xww",
    ops.BatchNormAddGradient: "xwwwx+>xwwx",
    ops.LocalResponseNorm: "x>x",
    ops.LocalResponseNormGradient: "xx>x",
    ops.Maxout: "x>x",
    ops.MaxoutGradient: "xxx>x",
    ops.Dropout: "x>x",
    ops.Reshape: "x>x",
    ops.Softmax: "x>x",
    ops.SoftmaxGradient: "xx>x",
    ops.Add: "xx+>x|ww+>w",
    ops.Concatenate: "xx+>x",
    ops.Slice: "x>x",
    ops.Loss: "xi>ww",
    ops.LossGradient: "xi>x",
    ops.SgdUpdate: "www>w|wwww>ww",
    ops.DenseWeightUpdate: "xxww>w|xxwww>ww",
}
