"""Gradient descent step of one parameter, in place. A unit is a block of weights."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from typing import NamedTuple

from netspec.kernels.cpu.language.descriptor import Words, places
from netspec.kernels.cpu.language.elementwise import Cut, block, cut, elementwise_row
from netspec.kernels.cpu.language.jit import kernel
from netspec.kernels.cpu.language.memory import real
from netspec.kernels.cpu.language.rows import Row, place
from netspec.kernels.cpu.language.tile import lanes
from netspec.kernels.cpu.language.vector import fma, load, store
from netspec.targets.cpu.program import Launch, Program

NO_VELOCITY = -1


class Descent(NamedTuple):
    """Words of `sgd_update`; `rate_factor` multiplies the rate that is read from arena[rate]."""

    cut: Cut
    weight: int
    gradient: int
    velocity: int
    new_weight: int
    new_velocity: int
    rate: int
    rate_factor: float
    decay: float
    momentum: float
    nesterov: int


DESCENT = places(Descent)


@kernel
def sgd_update(tile, arena, d: Words[Descent], state, begin, end, thread):
    """g += decay*w; v = momentum*v + g; w -= rate * s: s is g without a velocity, g + momentum*v with Nesterov's
    momentum, otherwise v."""
    rate = -arena[d[DESCENT.rate]] * real(d, DESCENT.rate_factor)
    decay, momentum, nesterov = real(d, DESCENT.decay), real(d, DESCENT.momentum), d[DESCENT.nesterov]
    weight, gradient, velocity = d[DESCENT.weight], d[DESCENT.gradient], d[DESCENT.velocity]
    new_weight, new_velocity = d[DESCENT.new_weight], d[DESCENT.new_velocity]
    for unit in range(begin, end):
        _, first, last = block(tile, d, unit)
        for i in range(first, last, lanes(tile)):
            w = load(tile, arena, weight + i)
            step = fma(w, decay, load(tile, arena, gradient + i))
            if velocity != NO_VELOCITY:
                moved = fma(load(tile, arena, velocity + i), momentum, step)
                store(arena, new_velocity + i, moved)
                step = fma(moved, momentum, step) if nesterov else moved
            store(arena, new_weight + i, fma(step, rate, w))


def sgd_update_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    operation, (weight, gradient, *velocity, rate) = launch.operation, launch.inputs
    new_weight, *new_velocity = launch.outputs
    words = Descent(
        cut=cut(new_weight, program),
        weight=place(weight),
        gradient=place(gradient),
        velocity=place(velocity[0]) if velocity else NO_VELOCITY,
        new_weight=place(new_weight),
        new_velocity=place(new_velocity[0]) if new_velocity else NO_VELOCITY,
        rate=place(rate),
        rate_factor=operation.rate_factor,
        decay=operation.decay,
        momentum=operation.momentum,
        nesterov=operation.nesterov,
    )
    return (elementwise_row(sgd_update, program, new_weight, words),)
