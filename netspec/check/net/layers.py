"""How each built-in layer becomes operations: one function a layer, in one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

from netspec.check.net.draft import ONES, ZEROS, Draft, GivenUpError, Weight
from netspec.check.net.flow import Flow
from netspec.check.net.windows import convolution_window, deconvolution_window, pool_window
from netspec.check.words import arguments as words_arguments
from netspec.check.words import shapes as words
from netspec.diagnostics.text import Span
from netspec.ir import operations as ops
from netspec.ir.graph import Value
from netspec.ir.operations import ActivationName, Pair, Window
from netspec.ir.shapes import elements, window_input, window_output


def _fitting(draft: Draft, window: Window) -> Window:
    """The window, when it fits its input. Raises GivenUpError (E301)."""
    size = cast("Pair", draft.value.shape[-2:])
    rows, columns = window_output(window, size)
    if rows >= 1 and columns >= 1:
        return window
    span = draft.bound.span("SIZE", draft.span)
    draft.place.complain(words.does_not_fit(draft.kind, window, draft.flow, span, draft.flow.shrinks))
    raise GivenUpError


def _dilation(draft: Draft) -> Pair:
    return draft.bound.pair("dilate") if "dilate" in draft.bound.values else (1, 1)


def _window(draft: Draft) -> Window:
    """The window of a conv, depthwise or local layer on its input."""
    _, height, width = draft.image()
    bound = draft.bound
    pad = cast("Pair | str", bound.values["pad"])
    window = convolution_window(bound.pair("SIZE"), bound.pair("stride"), pad, _dilation(draft), (height, width))
    return _fitting(draft, window)


def _biased(draft: Draft, weight: Weight, bias: Weight) -> tuple[Value, ...]:
    return draft.need(weight) if draft.bound.on("nobias") else draft.need(weight, bias)


def _convolution(draft: Draft) -> Value:
    window, channels = _window(draft), draft.image()[0]
    count, groups = draft.bound.whole("K"), draft.bound.whole("groups")
    for what, number in (("input channels", channels), ("output channels", count)):
        if number % groups:
            span = draft.bound.span("groups", draft.span)
            draft.place.complain(words.not_divisible(draft.kind, "groups", groups, what, number, draft.flow, span))
            raise GivenUpError
    return _grouped(draft, window, count, groups)


def _depthwise(draft: Draft) -> Value:
    window, channels = _window(draft), draft.image()[0]
    return _grouped(draft, window, channels, channels)


def _grouped(draft: Draft, window: Window, count: int, groups: int) -> Value:
    channels, taps = draft.image()[0] // groups, window.kernel[0] * window.kernel[1]
    shape = (count, channels, *window.kernel)
    weight = Weight("weight", shape, draft.bound.start(), channels * taps, count // groups * taps)
    return draft.apply(ops.Convolution(window, groups), draft.value, *_biased(draft, weight, Weight("bias", (count,))))


def _local(draft: Draft) -> Value:
    window, (channels, height, width) = _window(draft), draft.image()
    count, taps = draft.bound.whole("K"), window.kernel[0] * window.kernel[1]
    positions = (count, *window_output(window, (height, width)))
    shape = (*positions, channels, *window.kernel)
    weight = Weight("weight", shape, draft.bound.start(), channels * taps, count * taps)
    return draft.apply(ops.Local(window), draft.value, *_biased(draft, weight, Weight("bias", positions)))


def _deconvolution(draft: Draft) -> Value:
    channels, height, width = draft.image()
    bound = draft.bound
    kernel, stride, pad = bound.pair("SIZE"), bound.pair("stride"), cast("Pair | str", bound.values["pad"])
    window = deconvolution_window(kernel, stride, pad)
    if pad == "same" and (kernel[0] < stride[0] or kernel[1] < stride[1]):
        draft.place.complain(words.same_is_too_small(kernel, stride, bound.span("pad", draft.span)))
        raise GivenUpError
    rows, columns = window_input(window, (height, width))
    count, taps = bound.whole("K"), kernel[0] * kernel[1]
    if rows < 1 or columns < 1:
        span = bound.span("pad", draft.span)
        draft.place.complain(words.nothing_left(draft.kind, (count, rows, columns), span))
        raise GivenUpError
    weight = Weight("weight", (channels, count, *kernel), bound.start(), channels * taps, count * taps)
    return draft.apply(ops.Deconvolution(window), draft.value, *_biased(draft, weight, Weight("bias", (count,))))


def _dense(draft: Draft) -> Value:
    features, count = elements(draft.value.shape), draft.bound.whole("K")
    weight = Weight("weight", (count, features), draft.bound.start(), features, count)
    return draft.apply(ops.Dense(), draft.value, *_biased(draft, weight, Weight("bias", (count,))))


def _pool(draft: Draft) -> Value:
    _, height, width = draft.image()
    bound = draft.bound
    size = bound.values["SIZE"]
    kernel = (height, width) if size == "global" else cast("Pair", size)
    stride, pad = cast("Pair", bound.values["stride"] or kernel), bound.pair("pad")
    if any(2 * pad[axis] > kernel[axis] for axis in (0, 1)):
        draft.place.complain(words.pad_too_large(kernel, pad, bound.span("pad", draft.span)))
        raise GivenUpError
    if size == "global" and "stride" in bound.spans and pad == (0, 0):
        draft.place.complain(words.global_stride(bound.spans["stride"]))
    window = _fitting(draft, pool_window(kernel, stride, pad, bound.text("round") == "ceil", (height, width)))
    if bound.text("max|avg") == "max":
        if bound.on("count_pad"):
            draft.place.complain(words_arguments.only_for("count_pad", "pool avg", bound.spans["count_pad"]))
        return draft.apply(ops.MaxPool(window), draft.value)
    return draft.apply(ops.AveragePool(window, bound.on("count_pad")), draft.value)


def _upsample(draft: Draft) -> Value:
    draft.image()
    return draft.apply(ops.Upsample(draft.bound.whole("N")), draft.value)


def _batch_norm(draft: Draft) -> Value:
    channels = draft.value.shape[:1]
    weights = draft.need(Weight("scale", channels, ONES), Weight("shift", channels))
    states = draft.state("mean", channels, ZEROS), draft.state("variance", channels, ONES)
    operation = ops.BatchNorm(draft.bound.real("momentum"), draft.bound.real("eps"))
    return draft.apply(operation, draft.value, *weights, *states)


def _local_response_norm(draft: Draft) -> Value:
    bound = draft.bound
    size, k = int(bound.whole("size")), bound.real("k")
    return draft.apply(ops.LocalResponseNorm(size, bound.real("alpha"), bound.real("beta"), k), draft.value)


def _activation(draft: Draft) -> Value:
    slope = draft.bound.real("SLOPE") if "SLOPE" in draft.bound.values else 0.0
    return draft.apply(ops.Activation(cast("ActivationName", draft.kind), slope), draft.value)


def _maxout(draft: Draft) -> Value:
    channels, pieces = draft.value.shape[0], draft.bound.whole("N")
    if channels % pieces:
        span = draft.bound.span("N", draft.span)
        draft.place.complain(words.not_divisible(draft.kind, "N", pieces, "channels", channels, draft.flow, span))
        raise GivenUpError
    return draft.apply(ops.Maxout(pieces), draft.value)


def _dropout(draft: Draft) -> Value:
    probability = draft.bound.values["P"]
    known = probability if isinstance(probability, (int, float)) else 0.0  # a wrong one was reported
    return draft.apply(ops.Dropout(float(known), draft.place.net.builder.stream()), draft.value)


def _flatten(draft: Draft) -> Value:
    return draft.apply(ops.Reshape(), draft.value)


def _softmax(draft: Draft) -> Value:
    return draft.apply(ops.Softmax(), draft.value)


Emitter = Callable[[Draft], Value]

EMITTERS: Mapping[str, Emitter] = {
    "conv": _convolution,
    "depthwise": _depthwise,
    "local": _local,
    "deconv": _deconvolution,
    "dense": _dense,
    "pool": _pool,
    "upsample": _upsample,
    "batchnorm": _batch_norm,
    "lrn": _local_response_norm,
    "relu": _activation,
    "relu6": _activation,
    "leaky_relu": _activation,
    "elu": _activation,
    "gelu": _activation,
    "silu": _activation,
    "softplus": _activation,
    "sigmoid": _activation,
    "tanh": _activation,
    "maxout": _maxout,
    "dropout": _dropout,
    "flatten": _flatten,
    "softmax": _softmax,
}


def join(draft: Draft, branches: tuple[tuple[Span, Flow], ...], start: Flow | None) -> Value:
    """The node of a `sum` or `concat`. Raises GivenUpError (E304) when the branches do not fit each other."""
    shapes = [flow.value.shape for _, flow in branches]
    compared = [shape if draft.kind == "sum" else (len(shape), *shape[1:]) for shape in shapes]
    if any(shape != compared[0] for shape in compared):
        what = "shape" if draft.kind == "sum" else "height and width" if all(len(s) == 3 for s in shapes) else "kind"
        draft.place.complain(words.branches_disagree(draft.kind, what, branches, start, draft.span))
        raise GivenUpError
    operation = ops.Add() if draft.kind == "sum" else ops.Concatenate()
    return draft.apply(operation, *(flow.value for _, flow in branches))
