"""Gradient descent of a register tile of weights, row by row: few vectors are in registers beside the gradient."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from netspec.kernels.cpu.language import emit


@intrinsic
def descend(_typing, registers, arena, weight, velocity, row_step, count, moving, nesterov, decay, momentum, rate):
    """arena[weight + r*row_step + c*lanes : +lanes] after one step by the gradient tile[r, c], for r < count.

    With `moving`, the velocity at the same place of `velocity` is updated first and is what the weight moves by; with
    `nesterov`, what the velocity will be next."""
    shape = registers.shape

    def move(builder, memory, places, offset, gradient, factors, nesterov):
        weight, velocity = places
        decay, momentum, rate = factors
        old = emit.load(builder, memory, weight, shape.lanes, offset)
        step = emit.fma(builder, old, decay, gradient)
        if nesterov is not None:
            speed = emit.fma(builder, emit.load(builder, memory, velocity, shape.lanes, offset), momentum, step)
            emit.store(builder, speed, memory, velocity, offset)
            step = builder.select(nesterov, emit.fma(builder, speed, momentum, step), speed)
        emit.store(builder, emit.fma(builder, step, rate, old), memory, weight, offset)

    def codegen(context, builder, _signature, arguments):
        values, memory, *starts, down, count, moving, nesterov, decay, momentum, rate = arguments
        factors = [emit.splat(builder, factor, shape.lanes) for factor in (decay, momentum, rate)]

        def rows(nesterov):
            for r in range(shape.rows):
                with builder.if_then(builder.icmp_signed("<", ir.Constant(emit.INT64, r), count)):
                    places = [builder.add(start, emit.scaled(builder, down, r)) for start in starts]
                    for c in range(shape.columns):
                        gradient = builder.extract_value(values, r * shape.columns + c)
                        move(builder, memory, places, c * shape.lanes, gradient, factors, nesterov)

        with builder.if_else(moving) as (with_velocity, without):
            with with_velocity:
                rows(nesterov)
            with without:
                rows(None)
        return context.get_dummy_value()

    flags, numbers = [types.boolean] * 2, [types.float32] * 3
    return types.void(registers, arena, *[types.intp] * 4, *flags, *numbers), codegen
