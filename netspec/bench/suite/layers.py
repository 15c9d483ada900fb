"""Cases of all operations that are no matrix products."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import get_args

import numpy as np

from netspec.bench.suite.case import Arrays, Case, batched, graph_of, single
from netspec.ir import operations as ops
from netspec.ir.evaluate_elementwise import ACTIVATIONS
from netspec.ir.graph import Graph, Shape, Value
from netspec.ir.operations import SAVES_INPUT, Activation, ActivationName, LossName, Operation
from netspec.ir.shapes import output_shapes

SHAPES: tuple[Shape, ...] = ((3, 5, 7), (11, 1, 2), (200,))
LARGE = 33, 40
"""images and batch of a case of more than one block"""
LABEL = Value("label", (), True, "int32")
SLOPE = 0.3
"""of leaky_relu"""
JOINED = (ops.IDENTITY, Activation("relu"), Activation("relu6"), Activation("leaky_relu", 0.1))


def layer_cases() -> Iterator[Case]:
    """All of them."""
    for shape in SHAPES:
        yield from _activations(shape)
        yield from _batch_norms(shape)
        yield from _joins(shape)
        yield from _others(shape)
        yield from _updates(shape)
    yield from _sums()
    yield from _losses()


def _unary(operation: Operation, shape: Shape) -> Graph:
    (out,) = output_shapes(operation, (shape,))
    return graph_of(operation, (batched("x", *shape),), (batched("y", *out),))


def _gradient(operation: Operation, saved: dict[str, Shape], dy: Shape, dx: Shape) -> Graph:
    """From saved activations and `dy` to `dx`."""
    kept = tuple(batched(name, *shape) for name, shape in saved.items())
    return graph_of(operation, (*kept, batched("dy", *dy)), (batched("dx", *dx),))


def _named(shape: Shape) -> str:
    return "x".join(map(str, shape))


def _wide(arrays: Arrays) -> Arrays:
    return {name: array * np.float32(4) for name, array in arrays.items()}


def _saved(arrays: Arrays, function: ActivationName) -> Arrays:
    """With outputs of the activation where its derivative is taken from these."""
    saved = arrays["saved"] * np.float32(4)
    if function not in SAVES_INPUT:
        saved = ACTIVATIONS[function](saved.astype(np.float64), SLOPE).astype(np.float32)
    return {**arrays, "saved": saved}


def _activations(shape: Shape) -> Iterator[Case]:
    for function in ACTIVATIONS:
        name = f"{function} of {_named(shape)}"
        yield Case(name, _unary(Activation(function, SLOPE), shape), *LARGE, 1e-6, _wide)
        gradient = _gradient(ops.ActivationGradient(function, SLOPE), {"saved": shape}, shape, shape)
        yield Case(name, gradient, *LARGE, 2e-6, partial(_saved, function=function))
        if function in ops.RECTIFIERS:
            guided = _gradient(ops.GuidedGradient(function), {"saved": shape}, shape, shape)
            yield Case(name, guided, *LARGE, 0, partial(_saved, function=function))


def _positive(arrays: Arrays, name: str) -> Arrays:
    return {**arrays, name: np.abs(arrays[name]) + np.float32(0.1)}


def _batch_norms(shape: Shape) -> Iterator[Case]:
    name, channels = _named(shape), shape[0]
    x, y, dx, addend = (batched(one, *shape) for one in ("x", "y", "dx", "addend"))
    scale, shift, mean, variance = (single(one, channels) for one in ("scale", "shift", "mean", "variance"))
    running = graph_of(ops.BatchNorm(epsilon=1e-3), (x, scale, shift, mean, variance), (y,))
    yield Case(name, running, *LARGE, 1e-5, partial(_positive, name="variance"))
    by_input = graph_of(ops.BatchNormInputGradient(1e-3), (batched("dy", *shape), scale, variance), (dx,))
    yield Case(name, by_input, *LARGE, 1e-5, partial(_positive, name="variance"))
    made = tuple(single(one, channels) for one in ("batch_mean", "inverse", "new_mean", "new_variance"))
    dscale, dshift, inverse = (single(one, channels) for one in ("dscale", "dshift", "inverse"))
    replaced, dz = {"mean": "new_mean", "variance": "new_variance"}, batched("dz", *shape)
    for terms, function in enumerate(JOINED):
        told, added = f"{name}, {function.function}", (addend,) if terms % 2 else ()
        training = ops.BatchNormTraining(momentum=0.8, activation=function)
        graph = graph_of(training, (x, scale, shift, mean, variance, *added), (y, *made), replaced)
        yield Case(told, graph, *LARGE, 5e-5)
        cotangents = tuple(batched(f"dy{k}", *shape) for k in range(1 + terms % 3))
        gradient = graph_of(
            ops.BatchNormGradient(function), (x, scale, shift, mean, inverse, *cotangents), (dx, dscale, dshift)
        )
        yield Case(told, gradient, *LARGE, prepare=partial(_positive, name="inverse"))
        saved = () if function == ops.IDENTITY else (y,)
        add_gradient = graph_of(
            ops.BatchNormAddGradient(function),
            (x, scale, mean, inverse, *saved, *cotangents),
            (dx, dscale, dshift, dz),
        )
        yield Case(told, add_gradient, *LARGE, prepare=partial(_positive, name="inverse"))


def _joins(shape: Shape) -> Iterator[Case]:
    channels, *sizes = shape
    for terms in (1, 2, 5):
        name = f"{terms} of {_named(shape)}"
        inputs = tuple(batched(f"x{k}", *shape) for k in range(terms))
        yield Case(name, graph_of(ops.Add(), inputs, (batched("y", *shape),)), *LARGE, 1e-6)
        kept = tuple(single(f"x{k}", *shape) for k in range(terms))
        yield Case(f"{name}, one image", graph_of(ops.Add(), kept, (single("y", *shape),)), tolerance=1e-6)
        widths = range(channels, channels + terms)
        parts = tuple(batched(f"x{k}", width, *sizes) for k, width in enumerate(widths))
        whole = batched("y", sum(widths), *sizes)
        yield Case(name, graph_of(ops.Concatenate(), parts, (whole,)), *LARGE, 0)
    yield Case(_named(shape), _unary(ops.Slice(1, channels - 1), shape), *LARGE, 0)


def _ties(arrays: Arrays, pieces: int) -> Arrays:
    """Whole numbers, and the largest of each `pieces` of them."""
    x = np.round(arrays["x"])
    largest = x.reshape(len(x), x.shape[1] // pieces, pieces, *x.shape[2:]).max(axis=2)
    return {**arrays, "x": x, "y": largest}


def _others(shape: Shape) -> Iterator[Case]:
    name, same = _named(shape), shape
    channels, *sizes = shape
    for size, beta in ((5, 0.75), (2, 0.6)):
        told, rest = f"{name}, {size} channels", (size, 0.5, beta, 2.0)
        yield Case(told, _unary(ops.LocalResponseNorm(*rest), shape), *LARGE, 2e-6)
        gradient = _gradient(ops.LocalResponseNormGradient(*rest), {"x": same}, same, same)
        yield Case(told, gradient, *LARGE, 5e-6)
    wide = 3 * channels, *sizes
    yield Case(name, _unary(ops.Maxout(3), wide), *LARGE, 0)
    gradient = _gradient(ops.MaxoutGradient(3), {"x": wide, "y": same}, same, wide)
    yield Case(name, gradient, *LARGE, 0, partial(_ties, pieces=3))
    yield Case(name, _unary(ops.Dropout(0.3, 4), shape), *LARGE, 1e-6)
    flat = batched("x", *shape)
    yield Case(name, graph_of(ops.Reshape(), (flat,), (batched("y", flat.elements),)), *LARGE, 0)
    yield Case(name, _unary(ops.Softmax(), shape), *LARGE, 2e-6, _wide)
    yield Case(name, _gradient(ops.SoftmaxGradient(), {"y": same}, same, same), *LARGE, 5e-6)


def _updates(shape: Shape) -> Iterator[Case]:
    for momentum, nesterov, decay, factor in ((0.0, False, 5e-4, 2.0), (0.9, False, 5e-4, 1.0), (0.9, True, 0.0, 0.0)):
        names = ("w", "v") if momentum else ("w",)
        inputs = (single("w", *shape), single("g", *shape), *(single(one, *shape) for one in names[1:]), single("rate"))
        outputs = tuple(single(f"new_{one}", *shape) for one in names)
        operation = ops.SgdUpdate(momentum, nesterov, decay, factor)
        graph = graph_of(operation, inputs, outputs, {one: f"new_{one}" for one in names})
        yield Case(f"{_named(shape)}, momentum {momentum:g}", graph, tolerance=1e-6)


def _sums() -> Iterator[Case]:
    for shape in ((1, 5, 5), (11, 1, 3), (8, 4, 4)):
        total = graph_of(ops.ChannelSum(), (batched("dy", *shape),), (single("db", shape[0]),))
        yield Case(_named(shape), total, 70, 70)
    for shape in ((1,), (3, 4, 2), (130,)):
        total = graph_of(ops.BatchSum(), (batched("dy", *shape),), (single("db", *shape),))
        yield Case(_named(shape), total, 70, 70)


def _labelled(arrays: Arrays, classes: int, spread: float) -> Arrays:
    labels = np.random.default_rng(2).integers(0, classes, len(arrays["label"])).astype(np.int32)
    return {**arrays, "z": arrays["z"] * np.float32(spread), "label": labels}


def _losses() -> Iterator[Case]:
    for function in get_args(LossName):
        for outputs, spread in ((1, 1.0), (3, 30.0), (100, 1.0)):
            classes = outputs if outputs > 1 or function == "cross_entropy" else 2
            name, z = f"{function} of {outputs}", batched("z", outputs)
            prepare = partial(_labelled, classes=classes, spread=spread)
            sums = graph_of(ops.Loss(function), (z, LABEL), (single("loss"), single("correct")))
            yield Case(name, sums, *LARGE, 2e-6, prepare)
            gradient = graph_of(ops.LossGradient(function), (z, LABEL), (batched("dz", outputs),))
            yield Case(name, gradient, *LARGE, 2e-6, prepare)
