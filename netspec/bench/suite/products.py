"""Cases of operations that are matrix products: convolutions and dense layers, by plain kernels and in every tile."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import cycle
from math import prod
from typing import TypeVar

from netspec.bench.suite.case import Case, batched, graph_of, single
from netspec.ir import operations as ops
from netspec.ir.graph import Shape
from netspec.ir.operations import Activation, Window
from netspec.ir.shapes import output_shapes, window_output
from netspec.schedule.cuda.tiles import TILINGS, Choice

TILES = tuple(Choice(tiling, parts) for tiling, parts in zip(TILINGS, cycle((1, 3)), strict=False))
"""Every tile, with sums whole and divided in turn."""
ACTIVATIONS = (ops.IDENTITY, Activation("relu"), Activation("leaky_relu", 0.1), Activation("tanh"))


@dataclass(frozen=True, slots=True)
class Sliding:
    """A convolution of maps (c, h, w) to k channels."""

    name: str
    window: Window
    c: int
    k: int
    h: int
    w: int
    groups: int = 1
    images: int = 5
    batch: int = 7

    @property
    def x(self) -> Shape:
        return self.c, self.h, self.w

    @property
    def y(self) -> Shape:
        return self.k, *window_output(self.window, (self.h, self.w))

    @property
    def weight(self) -> Shape:
        return self.k, self.c // self.groups, *self.window.kernel


ODD = Sliding("odd", Window((3, 2), (2, 1), (1, 1), (0, 1), (1, 2)), 10, 38, 9, 12, groups=2)
EVEN = Sliding("even", Window((3, 3), (1, 1), (1, 1), (1, 1)), 8, 36, 8, 8)
POINTS = Sliding("points", Window((1, 1)), 12, 132, 4, 6, images=7, batch=9)
SLIDING = (
    ODD,
    EVEN,
    POINTS,
    Sliding("one channel, 5x5", Window((5, 5)), 1, 20, 14, 13, images=3, batch=4),
    Sliding("gaps between windows", Window((2, 2), (3, 3), (1, 0), (0, 1)), 3, 3, 8, 7, groups=3, images=18, batch=20),
    Sliding("dilated", Window((3, 3), (1, 2), (3, 2), (2, 3), (2, 3)), 4, 5, 12, 11, images=16, batch=16),
    Sliding("whole map", Window((5, 4)), 2, 6, 5, 4, images=33, batch=33),
    Sliding("depthwise", Window((3, 3), (2, 2), (1, 1), (1, 1)), 7, 7, 10, 9, groups=7, images=17, batch=17),
    Sliding("strided points", Window((1, 1), (2, 3)), 6, 4, 7, 8, groups=2, images=1, batch=3),
    Sliding("one pixel", Window((3, 3), (1, 1), (1, 1), (1, 1)), 5, 3, 1, 1, images=1, batch=2),
)
DECONVOLUTIONS = (
    Sliding("odd strides", Window((3, 4), (2, 3), (1, 0), (0, 1)), 5, 4, 4, 5),
    Sliding("one to many", Window((2, 2), (2, 2)), 9, 1, 3, 6, images=17, batch=17),
    Sliding("wide", Window((4, 3), (1, 1), (1, 1), (1, 1)), 36, 8, 7, 6),
)


@dataclass(frozen=True, slots=True)
class Flat:
    """A dense layer over an input of any shape; with `window` it is a window that holds the whole map."""

    name: str
    x: Shape
    outputs: int
    images: int = 5
    batch: int = 7
    window: bool = False

    @property
    def y(self) -> Shape:
        return (self.outputs, 1, 1) if self.window else (self.outputs,)

    @property
    def weight(self) -> Shape:
        return self.outputs, *(self.x if self.window else (prod(self.x),))


DENSE = (
    Flat("few", (7,), 3),
    Flat("maps", (2, 3, 5), 11, 33, 40),
    Flat("one window", (3, 4, 5), 11, 17, 20, window=True),
    Flat("many", (90,), 140, 70, 70),
)
STEPS = (ops.SgdUpdate(0.0, False, 0.01, 2.0), ops.SgdUpdate(0.9, False, 0.01), ops.SgdUpdate(0.9, True, 0.0))


Layer = TypeVar("Layer")
Make = Callable[[Layer, Activation], Iterator[Case]]
"""Forward and backward, with an activation."""


def product_cases() -> Iterator[Case]:
    """All of them."""
    yield from _cases(_convolutions, SLIDING, tiled=(ODD, EVEN, POINTS))
    yield from _cases(_deconvolution, DECONVOLUTIONS, tiled=DECONVOLUTIONS[-1:])
    yield from _cases(_dense, DENSE, tiled=DENSE[-1:])
    yield from _cases(_updates, DENSE, tiled=DENSE[-1:])


def _cases(make: Make[Layer], layers: Sequence[Layer], *, tiled: Sequence[Layer]) -> Iterator[Case]:
    functions = cycle(ACTIVATIONS)
    for layer in layers:
        yield from make(layer, next(functions))
    for layer in tiled:
        for tile in TILES:
            for case in make(layer, next(functions)):
                name = f"{case.name}, tiles of {tile.tiling.rows}x{tile.tiling.columns}, {tile.parts} parts"
                yield replace(case, name=name, tile=tile)


def _convolutions(layer: Sliding, function: Activation) -> Iterator[Case]:
    x, y, dy, dx = (batched(*named) for named in (("x", *layer.x), ("y", *layer.y), ("dy", *layer.y), ("dx", *layer.x)))
    w, dw, window, groups = single("w", *layer.weight), single("dw", *layer.weight), layer.window, layer.groups
    forward = graph_of(ops.Convolution(window, groups, function), (x, w, single("b", layer.k)), (y,))
    unbiased = graph_of(ops.Convolution(window, groups), (x, w), (y,))
    graphs = (
        forward,
        unbiased,
        graph_of(ops.ConvolutionInputGradient(window, groups), (dy, w), (dx,)),
        graph_of(ops.ConvolutionWeightGradient(window, groups), (x, dy), (dw,)),
    )
    for graph in graphs:
        yield Case(layer.name, graph, layer.images, layer.batch)


def _deconvolution(layer: Sliding, function: Activation) -> Iterator[Case]:
    operation, weight = ops.Deconvolution(layer.window, function), (layer.c, layer.k, *layer.window.kernel)
    (out,) = output_shapes(operation, (layer.x, weight))
    inputs = batched("x", *layer.x), single("w", *weight), single("b", layer.k)
    yield Case(layer.name, graph_of(operation, inputs, (batched("y", *out),)), layer.images, layer.batch)


def _dense(layer: Flat, function: Activation) -> Iterator[Case]:
    x, y, dy = batched("x", *layer.x), batched("y", *layer.y), batched("dy", *layer.y)
    w, dw, dx = single("w", *layer.weight), single("dw", *layer.weight), batched("dx", *layer.x)
    graphs = (
        graph_of(ops.Dense(function), (x, w, single("b", layer.outputs)), (y,)),
        graph_of(ops.Dense(), (x, w), (y,)),
        graph_of(ops.DenseInputGradient(), (dy, w), (dx,)),
        graph_of(ops.DenseWeightGradient(), (x, dy), (dw,)),
    )
    for graph in graphs:
        yield Case(layer.name, graph, layer.images, layer.batch)


def _updates(layer: Flat, _: Activation) -> Iterator[Case]:
    if layer.window:
        return
    for step in STEPS:
        names = ("w", "v") if step.momentum else ("w",)
        kept, made = ([single(f"{new}{name}", *layer.weight) for name in names] for new in ("", "new_"))
        inputs = (batched("x", *layer.x), batched("dy", *layer.y), *kept, single("rate"))
        replaced = {name: f"new_{name}" for name in names}
        graph = graph_of(ops.DenseWeightUpdate(step), inputs, tuple(made), replaced)
        yield Case(f"{layer.name}, momentum {step.momentum:g}", graph, layer.images, layer.batch)
