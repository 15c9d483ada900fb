"""Graphs as the checker makes them, built by hand or at random: for tests that need a net and no text."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from hypothesis import strategies as st

from netspec.diagnostics.text import Source, Span
from netspec.ir import operations as ops
from netspec.ir.graph import Graph, Initial, Layer, Node, Parameter, Shape, State, Value
from netspec.ir.initialize import initialize
from netspec.ir.operations import Operation, Window
from netspec.ir.shapes import output_shapes
from netspec.ir.verify import verify

NOWHERE = Span(Source("net", "net"), 0, 3)


@dataclass
class Net:
    """Grows a checked graph a layer at a time; every method gives the new layer's output."""

    shape: Shape
    parameters: list[Parameter] = field(default_factory=list)
    states: list[State] = field(default_factory=list)
    layers: list[Layer] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.last = self.image = Value("input", self.shape)
        self.layers.append(Layer("input", "input", NOWHERE, (), self.image, (), (), ()))

    def layer(
        self,
        operation: Operation,
        *inputs: Value,
        parameters: tuple[Value, ...] = (),
        owned: bool = True,
        shape: Shape | None = None,
        name: str = "",
    ) -> Value:
        """A layer of one node; with no inputs it reads the last output. A tied one does not own its parameters."""
        read = inputs or (self.last,)
        name = name or f"{type(operation).__name__.lower()}{len(self.layers)}"
        given = (*read, *parameters)
        shapes = output_shapes(operation, tuple(v.shape for v in given), (shape,) if shape else ())
        self.last = Value(name, shapes[0])
        nodes = (Node(operation, given, (self.last,), name),)
        used = tuple(p.value.name for p in self.parameters if p.value in parameters)
        self.layers.append(Layer(name, "test", NOWHERE, read, self.last, nodes, used, used if owned else ()))
        return self.last

    def parameter(self, role: str, *shape: int, rate: float = 1.0, decay: float = 1.0) -> Value:
        """A parameter of the layer that comes next; a normal start, for biases too."""
        value = Value(f"layer{len(self.layers)}.{role}", shape, False)
        initial = Initial("ones") if role == "scale" else Initial("normal", 0.5)
        self.parameters.append(Parameter(value, initial, rate, decay))
        return value

    def conv(self, k: int, size: int = 3, bias: bool = True, rate: float = 1.0, **window: tuple[int, int]) -> Value:
        weight = self.parameter("weight", k, self.last.shape[0], size, size, rate=rate)
        given = (weight, self.parameter("bias", k, rate=rate)) if bias else (weight,)
        return self.layer(ops.Convolution(Window((size, size), **window)), parameters=given)

    def dense(self, k: int, bias: bool = True, rate: float = 1.0, decay: float = 1.0) -> Value:
        weight = self.parameter("weight", k, self.last.elements, rate=rate, decay=decay)
        given = (weight, self.parameter("bias", k, rate=rate, decay=decay)) if bias else (weight,)
        return self.layer(ops.Dense(), parameters=given)

    def batchnorm(self) -> Value:
        c = self.last.shape[0]
        mean, variance = (Value(f"layer{len(self.layers)}.{each}", (c,), False) for each in ("mean", "variance"))
        self.states += [State(mean, Initial("zeros")), State(variance, Initial("ones"))]
        return self.layer(
            ops.BatchNorm(), parameters=(self.parameter("scale", c), self.parameter("shift", c), mean, variance)
        )

    def activation(self, function: ops.ActivationName) -> Value:
        return self.layer(ops.Activation(function, 0.1 if function == "leaky_relu" else 0.0))

    def graph(self) -> Graph:
        """The graph so far; its output is the last layer's."""
        nodes = tuple(node for layer in self.layers for node in layer.nodes)
        kept = tuple(self.parameters), tuple(self.states)
        made = Graph("net", (self.image,), *kept, nodes, (self.last,), tuple(self.layers))
        verify(made)
        return made


def feeds(graph: Graph, images: int, seed: int, classes: int = 2) -> dict[str, np.ndarray]:
    """Random inputs for every input of the graph, and initial parameters and states, in generic position."""
    rng = np.random.default_rng(seed)
    given: dict[str, np.ndarray] = {name: array.astype(float) for name, array in initialize(graph, seed).items()}
    for value in graph.inputs:
        shape = (images, *value.shape) if value.batched else value.shape
        given[value.name] = rng.integers(0, classes, shape) if value.dtype == "int32" else rng.normal(size=shape)
    return given


FUNCTIONS = ("relu", "relu6", "leaky_relu", "elu", "gelu", "silu", "softplus", "sigmoid", "tanh")


def _grow(draw, net: Net) -> None:
    """One random layer, or one with branches."""
    table = {**FLAT_KINDS, **PLANE_KINDS} if len(net.last.shape) == 3 else FLAT_KINDS
    draw(st.sampled_from(list(table.values())))(draw, net)


def _rate(draw) -> float:
    return draw(st.sampled_from([1.0, 1.0, 1.0, 0.5, 0.0]))


def _border(draw) -> dict[str, tuple[int, int]]:
    """Wide enough for any 3x3 kernel."""
    stride = draw(st.integers(1, 2))
    return {"before": (1, 1), "after": (1 + draw(st.integers(0, 1)), 1), "stride": (stride, stride)}


def _conv(draw, net: Net) -> None:
    net.conv(draw(st.integers(1, 4)), draw(st.integers(1, 3)), draw(st.booleans()), _rate(draw), **_border(draw))


def _dense(draw, net: Net) -> None:
    net.dense(draw(st.integers(1, 5)), draw(st.booleans()), _rate(draw))


def _activation(draw, net: Net) -> None:
    net.activation(draw(st.sampled_from(FUNCTIONS)))


def _maxout(draw, net: Net) -> None:
    net.layer(ops.Maxout(draw(st.sampled_from([p for p in (1, 2, 3) if net.last.shape[0] % p == 0]))))


def _local(draw, net: Net) -> None:
    window = Window((2, 2), before=(1, 0), after=(0, 1))
    k, (c, h, w) = draw(st.integers(1, 3)), net.last.shape
    weight = net.parameter("weight", k, h, w, c, 2, 2)
    bias = (net.parameter("bias", k, h, w),) if draw(st.booleans()) else ()
    net.layer(ops.Local(window), parameters=(weight, *bias))


def _deconv(draw, net: Net) -> None:
    k = draw(st.integers(1, 3))
    net.layer(
        ops.Deconvolution(Window((2, 2), draw(st.sampled_from([(1, 1), (2, 1)])))),
        parameters=(net.parameter("weight", net.last.shape[0], k, 2, 2), net.parameter("bias", k)),
    )


def _pool(draw, net: Net) -> None:
    window = Window((2, 2), draw(st.sampled_from([(1, 1), (2, 2), (1, 2)])), (1, 1), (1, 1))
    net.layer(draw(st.sampled_from([ops.MaxPool(window), ops.AveragePool(window), ops.AveragePool(window, True)])))


def _branches(draw, net: Net) -> None:
    """`sum` or `concat` of the last output, read up to three times, some of them through an activation."""
    start = net.last
    ends = [start]
    for _ in range(draw(st.integers(1, 2))):
        net.last = start
        ends.append(net.activation(draw(st.sampled_from(FUNCTIONS))) if draw(st.booleans()) else start)
    net.last = start
    net.layer(draw(st.sampled_from([ops.Add(), ops.Concatenate()])), *ends)


def _tied(draw, net: Net) -> None:
    """Two convolutions, one after the other, with the same weight."""
    c = net.last.shape[0]
    weight = net.parameter("weight", c, c, 3, 3)
    convolution = ops.Convolution(Window((3, 3), before=(1, 1), after=(1, 1)))
    net.layer(convolution, parameters=(weight,))
    net.activation(draw(st.sampled_from(FUNCTIONS)))
    net.layer(convolution, parameters=(weight,), owned=False)


FLAT_KINDS = {
    "dense": _dense,
    "activation": _activation,
    "batchnorm": lambda draw, net: net.batchnorm(),
    "norm": lambda draw, net: net.layer(ops.LocalResponseNorm(3, 0.1, 0.75, 1.0)),
    "dropout": lambda draw, net: net.layer(ops.Dropout(0.3, stream=len(net.layers))),
    "maxout": _maxout,
    "reshape": lambda draw, net: net.layer(ops.Reshape(), shape=(net.last.elements,)),
    "softmax": lambda draw, net: net.layer(ops.Softmax()),
    "branches": _branches,
}
PLANE_KINDS = {
    "conv": _conv,
    "local": _local,
    "deconv": _deconv,
    "pool": _pool,
    "upsample": lambda draw, net: net.layer(ops.Upsample(draw(st.integers(1, 2)))),
    "tied": _tied,
}


@st.composite
def graphs(draw) -> Graph:
    """A random net of up to nine layers that ends in logits of one to four outputs."""
    net = Net(draw(st.sampled_from([(1, 4, 4), (2, 3, 5), (3, 2, 2), (4,)])))
    for _ in range(draw(st.integers(0, 7))):
        if net.last.elements <= 400:
            _grow(draw, net)
    net.dense(draw(st.integers(1, 4)), rate=draw(st.sampled_from([1.0, 0.5])))
    return net.graph()


def frozen(graph: Graph, *names: str) -> Graph:
    """The graph with these parameters at rate 0."""
    parameters = (replace(p, rate_factor=0.0) if p.value.name in names else p for p in graph.parameters)
    return replace(graph, parameters=tuple(parameters))
