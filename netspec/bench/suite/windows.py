"""Cases of operations with windows that are no matrix products: pools, upsampling, and layers of weights not tied."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from netspec.bench.suite.case import Arrays, Case, batched, graph_of, single
from netspec.bench.suite.products import ACTIVATIONS, Sliding
from netspec.ir import operations as ops
from netspec.ir.evaluate import apply
from netspec.ir.evaluate_context import Context
from netspec.ir.graph import Value
from netspec.ir.operations import Window
from netspec.ir.shapes import output_shapes

POOLS = (
    Sliding("2x2", Window((2, 2), (2, 2)), 3, 3, 8, 6, images=33, batch=40),
    Sliding("3x3 by 2", Window((3, 3), (2, 2), (1, 1), (1, 0)), 5, 5, 9, 8),
    Sliding("odd", Window((4, 1), (1, 3), (2, 0), (1, 0)), 2, 2, 7, 9, images=17, batch=17),
    Sliding("gaps between windows", Window((2, 2), (3, 4)), 4, 4, 8, 10),
    Sliding("whole map", Window((5, 7)), 6, 6, 5, 7, images=1, batch=2),
)
LOCALS = (
    Sliding("odd", Window((2, 3), (1, 2), (1, 0), (0, 2)), 3, 4, 5, 7),
    Sliding("dilated", Window((3, 3), (2, 1), (2, 1), (1, 0), (2, 1)), 2, 9, 6, 5, images=17, batch=17),
    Sliding("points", Window((1, 1)), 5, 1, 3, 4, images=1, batch=3),
)


def window_cases() -> Iterator[Case]:
    """All of them."""
    for pool in POOLS:
        yield from _max_pools(pool)
        yield from _average_pools(pool)
    for local, function in zip(LOCALS, ACTIVATIONS[1:], strict=True):
        yield from _locals(local, function)
    for factor in (1, 2, 3):
        x, y = (5, 3, 4), (5, 3 * factor, 4 * factor)
        up = graph_of(ops.Upsample(factor), (batched("x", *x),), (batched("y", *y),))
        yield Case(f"by {factor}", up, 17, 17, 0)
        down = graph_of(ops.UpsampleGradient(factor), (batched("dy", *y),), (batched("dx", *x),))
        yield Case(f"by {factor}", down, 17, 17, 1e-6)


def _ties(arrays: Arrays) -> Arrays:
    return {name: np.round(array) for name, array in arrays.items()}


def _chosen(arrays: Arrays, operation: ops.MaxPool, x: Value, outputs: tuple[Value, ...]) -> Arrays:
    """With the index that a pool of images with many ties gives."""
    images = np.random.default_rng(3).standard_normal((len(arrays["dy"]), *x.shape)).round()
    _, index = apply(operation, (images,), outputs, Context())
    return {**arrays, "index": index.astype(np.int32)}


def _max_pools(pool: Sliding) -> Iterator[Case]:
    operation, x = ops.MaxPool(pool.window), batched("x", *pool.x)
    y, index = batched("y", *pool.y), batched("index", *pool.y, dtype="int32")
    sizes = pool.images, pool.batch
    yield Case(pool.name, graph_of(operation, (x,), (y,)), *sizes, 0)
    yield Case(f"{pool.name}, with index", graph_of(operation, (x,), (y, index)), *sizes, 0, _ties)
    gradient = graph_of(ops.MaxPoolGradient(pool.window), (index, batched("dy", *pool.y)), (batched("dx", *pool.x),))
    prepare = partial(_chosen, operation=operation, x=x, outputs=(y, index))
    yield Case(pool.name, gradient, *sizes, 1e-6, prepare)


def _average_pools(pool: Sliding) -> Iterator[Case]:
    for count_pad in (False, True):
        name = f"{pool.name}, padding counts" if count_pad else pool.name
        operation = ops.AveragePool(pool.window, count_pad)
        (out,) = output_shapes(operation, (pool.x,))
        graph = graph_of(operation, (batched("x", *pool.x),), (batched("y", *out),))
        yield Case(name, graph, pool.images, pool.batch, 1e-6)
        gradient = graph_of(
            ops.AveragePoolGradient(pool.window, count_pad), (batched("dy", *out),), (batched("dx", *pool.x),)
        )
        yield Case(name, gradient, pool.images, pool.batch, 1e-6)


def _locals(layer: Sliding, function: ops.Activation) -> Iterator[Case]:
    weight = (*layer.y, layer.c, *layer.window.kernel)
    x, y, dy, dx = (
        batched(name, *shape) for name, shape in (("x", layer.x), ("y", layer.y), ("dy", layer.y), ("dx", layer.x))
    )
    w, dw, b = single("w", *weight), single("dw", *weight), single("b", *layer.y)
    for graph in (
        graph_of(ops.Local(layer.window, function), (x, w, b), (y,)),
        graph_of(ops.Local(layer.window), (x, w), (y,)),
        graph_of(ops.LocalInputGradient(layer.window), (dy, w), (dx,)),
        graph_of(ops.LocalWeightGradient(layer.window), (x, dy), (dw,)),
    ):
        yield Case(layer.name, graph, layer.images, layer.batch, 1e-5)
