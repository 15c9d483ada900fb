"""Calls of batch normalisation and of local response normalisation."""

from __future__ import annotations

from netspec.ir import operations as ops
from netspec.ir.graph import Node, Value
from netspec.schedule.cuda.calls.building import (
    BLOCK,
    Calls,
    Operand,
    Planning,
    Scratch,
    activation_number,
    maps,
    numbers,
    per_number,
    per_output,
)
from netspec.schedule.cuda.calls.join import few_terms
from netspec.schedule.cuda.calls.sums import channel_chunks
from netspec.targets.cuda.program import Call
from netspec.targets.cuda.sizes import Chunks, Cotangents, Neighbours, Normed


def batch_norm(node: Node, planning: Planning) -> Calls:
    op, (x, *channels), (y,) = node.operation, node.inputs, node.outputs
    assert isinstance(op, ops.BatchNorm)
    return (per_output("batch_norm", y, planning, y, x, *channels, "images", maps(x), op.epsilon),)


def batch_norm_input_gradient(node: Node, planning: Planning) -> Calls:
    op, (dy, scale, variance), (dx,) = node.operation, node.inputs, node.outputs
    assert isinstance(op, ops.BatchNormInputGradient)
    return (
        per_output("batch_norm_input_gradient", dx, planning, dx, dy, scale, variance, "images", maps(dx), op.epsilon),
    )


def batch_norm_training(node: Node, planning: Planning) -> Calls:
    """Statistics of chunks, then of channels, then y."""
    op, (x, scale, shift, mean, variance, *addend) = node.operation, node.inputs
    y, batch_mean, inverse, new_mean, new_variance = node.outputs
    assert isinstance(op, ops.BatchNormTraining)
    s, division = maps(x), channel_chunks(x, planning)
    parts = division.sums * division.parts
    means, squares = Scratch(f"{y.name}.means", parts), Scratch(f"{y.name}.squares", parts)
    normed = Normed(*s, int(bool(addend)), activation_number(op.activation.function))
    more = addend[0] if addend else x
    return (
        Call("batch_norm_chunks", parts, BLOCK, (means, squares, x, "images", s, division)),
        per_number(
            "batch_norm_statistics", s.channels, batch_mean, inverse, new_mean, new_variance, mean, variance,
            means, squares, "images", s, division, op.epsilon, op.momentum, 1.0 - op.momentum,
        ),
        per_output(
            "batch_norm_training", y, planning, y, x, scale, shift, batch_mean, inverse, more,
            "images", normed, op.activation.slope,
        ),
    )  # fmt: skip


def batch_norm_gradient(node: Node, planning: Planning) -> Calls:
    """Where dz is not a cotangent itself, dx holds it until the last call."""
    op, (x, scale, shift, mean, inverse, *cotangents) = node.operation, node.inputs
    dx, dscale, dshift = node.outputs
    assert isinstance(op, ops.BatchNormGradient)
    given = op.activation == ops.IDENTITY and len(cotangents) == 1
    channels = (scale, shift, mean, inverse)
    dz = cotangents[0] if given else dx
    calls = _sums(op, (x, x), channels, tuple(cotangents), (dshift, dscale), None if given else dx, planning)
    return *calls, _input_gradient(dx, dz, x, (scale, mean, inverse), (dscale, dshift), planning)


def batch_norm_add_gradient(node: Node, planning: Planning) -> Calls:
    op, (x, scale, mean, inverse, *each) = node.operation, node.inputs
    dx, dscale, dshift, dz = node.outputs
    assert isinstance(op, ops.BatchNormAddGradient)
    saved, cotangents = (x, each) if op.activation == ops.IDENTITY else (each[0], each[1:])
    channels = (scale, scale, mean, inverse)
    calls = _sums(op, (x, saved), channels, tuple(cotangents), (dshift, dscale), dz, planning)
    return *calls, _input_gradient(dx, dz, x, (scale, mean, inverse), (dscale, dshift), planning)


def _sums(
    op: ops.BatchNormGradient | ops.BatchNormAddGradient,
    maps_of: tuple[Value, Value],
    channels: tuple[Value, ...],
    cotangents: tuple[Value, ...],
    totals: tuple[Value, Value],
    dz: Value | None,
    planning: Planning,
) -> Calls:
    """Calls that store the two sums of dz, and dz itself if its place is given.

    `maps_of` are x and the activation's output, `channels` scale, shift, mean and inverse deviation.
    """
    x, division = maps_of[0], channel_chunks(maps_of[0], planning)
    adding, terms, arrays = few_terms(cotangents, planning)
    number, recomputed = activation_number(op.activation.function), isinstance(op, ops.BatchNormGradient)
    s = Cotangents(*maps(x), terms, number, int(recomputed), int(dz is not None))
    parts = division.sums * division.parts
    places = totals if division.parts == 1 else tuple(Scratch(f"{total.name}.parts", parts) for total in totals)
    arguments = (*places, dz or x, *maps_of, *channels, *arrays, "images", s, division, op.activation.slope)
    first_stage: Call[Operand] = Call("batch_norm_sums", parts, BLOCK, arguments)
    return *adding, first_stage, *_second_stage(totals, places, division)


def _second_stage(totals: tuple[Value, ...], places: tuple[Operand, ...], division: Chunks) -> Calls:
    if division.parts == 1:
        return ()
    return tuple(
        per_number("sum_parts", division.sums, total, place, division)
        for total, place in zip(totals, places, strict=True)
    )


def _input_gradient(
    dx: Value, dz: Value, x: Value, channels: tuple[Value, ...], sums: tuple[Value, Value], planning: Planning
) -> Call[Operand]:
    return per_output("batch_norm_gradient", dx, planning, dx, dz, x, *channels, *sums, "images", maps(x))


def local_response_norm(node: Node, planning: Planning) -> Calls:
    op, (x,), (y,) = node.operation, node.inputs, node.outputs
    assert isinstance(op, ops.LocalResponseNorm)
    return (per_output("local_response_norm", y, planning, y, x, "images", _neighbours(op, x), *_factors(op)),)


def local_response_norm_gradient(node: Node, planning: Planning) -> Calls:
    op, (x, dy), (dx,) = node.operation, node.inputs, node.outputs
    assert isinstance(op, ops.LocalResponseNormGradient)
    terms = Scratch(f"{dx.name}.terms", numbers(dx, planning))
    last = ("images", _neighbours(op, x), *_factors(op))
    return (
        per_output("local_response_norm_terms", dx, planning, terms, x, dy, *last),
        per_output("local_response_norm_gradient", dx, planning, dx, x, dy, terms, *last),
    )


def _neighbours(op: ops.LocalResponseNorm | ops.LocalResponseNormGradient, x: Value) -> Neighbours:
    return Neighbours(*maps(x), op.size // 2, (op.size - 1) // 2)


def _factors(op: ops.LocalResponseNorm | ops.LocalResponseNormGradient) -> tuple[float, float, float]:
    """alpha / size, beta and k."""
    return op.alpha / op.size, float(op.beta), float(op.k)
