"""The step of gradient descent, in place: a unit is a block of weights."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from netspec.ir.program import Launch, Program
from netspec.kernels.cpu.elementwise import FIRST_WORD, block, elementwise_row
from netspec.kernels.cpu.jit import kernel
from netspec.kernels.cpu.memory import real
from netspec.kernels.cpu.rows import Row, place
from netspec.kernels.cpu.tile import lanes
from netspec.kernels.cpu.vector import fma, load, store

(
    WEIGHT,
    GRADIENT,
    VELOCITY,
    NEW_WEIGHT,
    NEW_VELOCITY,
    RATE,
    RATE_FACTOR,
    DECAY,
    MOMENTUM,
    NESTEROV,
) = range(FIRST_WORD, FIRST_WORD + 10)
NO_VELOCITY = -1


@kernel
def sgd_update(tile, arena, d, state, begin, end, thread):
    """g += decay*w; v = momentum*v + g; w -= rate * v, or * g without a velocity, or * (g + momentum*v)."""
    rate = -arena[d[RATE]] * real(d, RATE_FACTOR)
    decay, momentum, nesterov = real(d, DECAY), real(d, MOMENTUM), d[NESTEROV]
    weight, gradient, velocity = d[WEIGHT], d[GRADIENT], d[VELOCITY]
    new_weight, new_velocity = d[NEW_WEIGHT], d[NEW_VELOCITY]
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
    new_weight, *new_velocity = (place(buffer) for buffer in launch.outputs)
    moving = (place(velocity[0]) if velocity else NO_VELOCITY, new_weight, *(new_velocity or (NO_VELOCITY,)))
    factors = (float(operation.rate_factor), float(operation.decay), float(operation.momentum))
    words = (place(weight), place(gradient), *moving, place(rate), *factors, int(operation.nesterov))
    return (elementwise_row(sgd_update, program, launch.outputs[0], words),)
