"""A graph as text: an equation a line, in the order it runs. `netspec compile --emit graph` and `--emit step`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from netspec.ir.graph import Graph, Initial, Node, Value
from netspec.ir.operations import Activation, Convolution, MaxPool, Operation, SgdUpdate, Window


def show(graph: Graph) -> str:
    """The whole graph: what it is given, its equations, what it gives. Ends with a newline."""
    return "\n".join(_lines(graph)) + "\n"


def show_node(node: Node) -> str:
    """`conv1 float32[N,20,24,24] = convolution[window=5x5](input, conv1.weight)  # conv1`"""
    made = ", ".join(show_value(value) for value in node.outputs)
    given = ", ".join(value.name for value in node.inputs)
    return f"{made} = {show_operation(node.operation)}({given})  # {node.layer}"


def show_value(value: Value) -> str:
    """`input float32[N,1,28,28]`; the N stands for the images of a batch."""
    sizes = (*(("N",) if value.batched else ()), *(str(size) for size in value.shape))
    return f"{value.name} {value.dtype}[{','.join(sizes)}]"


def show_operation(operation: Operation) -> str:
    """The operation's name and those of its attributes that differ from their defaults."""
    attributes = [
        f"{field.name}={_attribute(getattr(operation, field.name))}"
        for field in fields(operation)
        if getattr(operation, field.name) != field.default
    ]
    return _snake_case(type(operation).__name__) + (f"[{', '.join(attributes)}]" if attributes else "")


def _lines(graph: Graph) -> Iterator[str]:
    yield f"net {graph.name}"
    yield from (f"    input      {show_value(value)}" for value in graph.inputs)
    for parameter in graph.parameters:
        factors = _factors(parameter.rate_factor, parameter.decay_factor)
        yield f"    parameter  {show_value(parameter.value)}  {_initial(parameter.initial)}{factors}"
    yield from (f"    state      {show_value(state.value)}  {_initial(state.initial)}" for state in graph.states)
    yield from (f"    {show_node(node)}" for node in graph.nodes)
    yield from (f"    output     {show_value(value)}" for value in graph.outputs)
    yield from (f"    update     {update.old.name} <- {update.new.name}" for update in graph.updates)


def _factors(rate: float, decay: float) -> str:
    return (f" rate={rate:g}" if rate != 1 else "") + (f" decay={decay:g}" if decay != 1 else "")


def _initial(initial: Initial) -> str:
    match initial.kind:
        case "he":
            return f"he(fan_in={initial.fan_in})"
        case "xavier":
            return f"xavier(fan_in={initial.fan_in}, fan_out={initial.fan_out})"
        case "normal" | "uniform":
            return f"{initial.kind}({initial.amount:g})"
        case "orthogonal" | "zeros" | "ones":
            return initial.kind


def _attribute(value: object) -> str:
    match value:
        case Window():
            return _window(value)
        case Activation():
            return value.function + (f"({value.slope:g})" if value.slope else "")
        case SgdUpdate() | Convolution() | MaxPool():
            return show_operation(value)
        case float():
            return f"{value:g}"
        case _:
            return str(value)


def _window(window: Window) -> str:
    """`3x3`, then what differs from one step and no padding: `3x3 stride 2x2 before 1x1 after 0x0`."""
    parts = [f"{field.name} {_pair(getattr(window, field.name))}" for field in fields(window)[1:]
             if getattr(window, field.name) != field.default]  # fmt: skip
    return " ".join([_pair(window.kernel), *parts])


def _pair(pair: tuple[int, int]) -> str:
    return f"{pair[0]}x{pair[1]}"


def _snake_case(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).removeprefix("_")
