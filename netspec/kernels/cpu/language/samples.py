"""Gather of pixels: each lane reads its own offset of its own image."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from llvmlite import ir
from numba.extending import intrinsic

from netspec.kernels.cpu.language import emit
from netspec.kernels.cpu.language.vector_type import IntVector, Vector


def _sampling(element, size_bytes, to_vector):
    @intrinsic
    def sample(_typing, tile, addresses, offsets):
        if not isinstance(offsets, IntVector):
            return None
        lanes = tile.shape.lanes

        def codegen(_context, builder, _signature, arguments):
            _, words, places = arguments
            numbers = ir.Constant(emit.vector(lanes, element), ir.Undefined)
            for lane in range(lanes):
                number = ir.Constant(emit.INT32, lane)
                offset = builder.sext(builder.extract_element(places, number), emit.INT64)
                base = builder.load(emit.address(builder, words, ir.Constant(emit.INT64, lane)))
                place = builder.add(base, emit.scaled(builder, offset, size_bytes))
                pixel = builder.load(builder.inttoptr(place, element.as_pointer()), align=size_bytes)
                numbers = builder.insert_element(numbers, pixel, number)
            return to_vector(builder, numbers, lanes)

        return Vector(lanes)(tile, addresses, offsets), codegen

    return sample


def _as_floats(builder, numbers, lanes):
    wide = builder.zext(numbers, emit.vector(lanes, emit.INT32))
    return builder.sitofp(wide, emit.vector(lanes))


sample_bytes = _sampling(emit.INT8, 1, _as_floats)
"""sample_bytes(tile, addresses, offsets): in each lane the byte at its address plus its offset, as float32; `addresses`
are int64 words, one per lane"""
sample_floats = _sampling(emit.FLOAT, 4, lambda _builder, numbers, _lanes: numbers)
"""sample_floats(tile, addresses, offsets): the same for float32 numbers; offsets count numbers"""
