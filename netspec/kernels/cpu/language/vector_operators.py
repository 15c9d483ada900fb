"""Python's operators on vectors: `a * b + 1.0`, `x > y`, `~mask`, `bits >> 3`.

A scalar operand is broadcast to all lanes: any real number becomes float32 beside a `Vector`, any integer becomes 32
bits beside an `IntVector`.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportOptionalCall=false

import operator

from llvmlite import ir
from numba import types
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import lower_builtin

from netspec.kernels.cpu.language import emit
from netspec.kernels.cpu.language.vector_type import BIT, IntVector, Mask, Vector

REAL = {
    operator.add: "fadd",
    operator.sub: "fsub",
    operator.mul: "fmul",
    operator.truediv: "fdiv",
    operator.iadd: "fadd",
    operator.isub: "fsub",
    operator.imul: "fmul",
    operator.itruediv: "fdiv",
}
INTEGER = {
    operator.add: "add",
    operator.sub: "sub",
    operator.mul: "mul",
    operator.and_: "and_",
    operator.or_: "or_",
    operator.xor: "xor",
    operator.lshift: "shl",
    operator.rshift: "lshr",
    operator.iadd: "add",
    operator.ixor: "xor",
}
LOGICAL = {operator.and_: "and_", operator.or_: "or_", operator.xor: "xor"}
COMPARISONS = {
    operator.lt: "<",
    operator.le: "<=",
    operator.gt: ">",
    operator.ge: ">=",
    operator.eq: "==",
    operator.ne: "!=",
}
_SCALARS = {Vector: (types.Number, types.float32), IntVector: (types.Integer, types.int32)}
"""Scalar operands allowed beside each kind of vector, and the type that they are converted to."""


def _operands(kind, arguments):
    """The vector's type and the types that the two operands are converted to; None where neither is a `kind`, or an
    operand does not fit."""
    accepted, scalar = _SCALARS[kind]
    vectors = [argument for argument in arguments if isinstance(argument, kind)]
    others = [argument for argument in arguments if not vectors or argument != vectors[0]]
    if not vectors or any(not isinstance(argument, accepted) for argument in others):
        return None
    return vectors[0], *(argument if isinstance(argument, kind) else scalar for argument in arguments)


def _binary(symbol, kind, result, emit_one) -> None:
    """Defines `symbol` between two vectors of `kind`, and between a vector and a scalar."""

    @infer_global(symbol)
    class _Typing(AbstractTemplate):
        def generic(self, args, kws):
            operands = _operands(kind, args)
            if operands is None:
                return None
            vector, first, second = operands
            return signature(result(vector.lanes), first, second)

    def lower(_context, builder, signature_, arguments):
        lanes = next(type_.lanes for type_ in signature_.args if isinstance(type_, kind))
        values = (
            value if isinstance(type_, kind) else emit.splat(builder, value, lanes)
            for value, type_ in zip(arguments, signature_.args, strict=True)
        )
        return emit_one(builder, *values)

    scalars = _SCALARS[kind][0]
    for first, second in ((kind, kind), (kind, scalars), (scalars, kind)):
        lower_builtin(symbol, first, second)(lower)


def _unary(symbol, kind, emit_one) -> None:
    @infer_global(symbol)
    class _Typing(AbstractTemplate):
        def generic(self, args, kws):
            return signature(args[0], args[0]) if len(args) == 1 and isinstance(args[0], kind) else None

    lower_builtin(symbol, kind)(lambda _context, builder, _signature, arguments: emit_one(builder, arguments[0]))


def _between_masks(symbol, name) -> None:
    @infer_global(symbol)
    class _Typing(AbstractTemplate):
        def generic(self, args, kws):
            alike = len(args) == 2 and args[0] == args[1] and isinstance(args[0], Mask)
            return signature(args[0], *args) if alike else None

    lower_builtin(symbol, Mask, Mask)(lambda _context, builder, _sig, arguments: getattr(builder, name)(*arguments))


def _method(name):
    return lambda builder, a, b: getattr(builder, name)(a, b)


def _real_comparison(sign):
    """Ordered, so false where either operand is NaN, except `!=`, which is true there."""
    method = "fcmp_unordered" if sign == "!=" else "fcmp_ordered"
    return lambda builder, a, b: getattr(builder, method)(sign, a, b)


def _integer_comparison(sign):
    return lambda builder, a, b: builder.icmp_signed(sign, a, b)


def _without_sign(builder, value):
    lanes = value.type.count
    mask = ir.Constant(emit.vector(lanes, emit.INT32), [0x7FFFFFFF] * lanes)
    return builder.bitcast(builder.and_(builder.bitcast(value, mask.type), mask), value.type)


def _inverse(builder, mask):
    return builder.xor(mask, ir.Constant(mask.type, [BIT(1)] * mask.type.count))


for _symbol, _name in REAL.items():
    _binary(_symbol, Vector, Vector, _method(_name))
for _symbol, _name in INTEGER.items():
    _binary(_symbol, IntVector, IntVector, _method(_name))
for _symbol, _name in LOGICAL.items():
    _between_masks(_symbol, _name)
for _symbol, _sign in COMPARISONS.items():
    _binary(_symbol, Vector, Mask, _real_comparison(_sign))
    _binary(_symbol, IntVector, Mask, _integer_comparison(_sign))
_unary(operator.neg, Vector, lambda builder, value: builder.fneg(value))
_unary(abs, Vector, _without_sign)
_unary(operator.invert, Mask, _inverse)
