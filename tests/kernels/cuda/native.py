"""A driver whose device is this processor: kernels run as native code of the LLVM IR that becomes PTX."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from netspec.kernels.cuda.language.signature import signature
from netspec.kernels.cuda.language.unit import Sizes, Unit
from netspec.kernels.cuda.table import KERNELS
from netspec.runtime.cuda.driver import Array, Bound
from netspec.targets.cuda.program import Buffer, Program
from tests.cuda_native.check import Range
from tests.cuda_native.run import NativeKernel, Order, compile_kernel

ALIGNMENT_BYTES = 256
ORDERS: tuple[Order, ...] = ("forward", "reverse", 7)
"""Orders of threads that must give the same bits."""


def native_kernel(unit: Unit, *, watched: bool = False) -> NativeKernel:
    """The compiled kernel of a unit."""
    return compile_kernel(KERNELS[unit.kernel], signature(unit), watched=watched)


@dataclass(frozen=True, slots=True)
class NativeGraph:
    """Calls in order."""

    calls: tuple[Bound, ...]


class NativeDriver:
    """Runs every call at once. With `thorough` each call runs with every access to memory watched for races and bounds,
    and then in three orders of threads, which must give the same bits."""

    name = "this processor"

    def __init__(self, *, thorough: bool = False) -> None:
        self.thorough = thorough
        self.memory: dict[int, Array] = {}
        """arrays by address"""
        self._arena = 0
        self._ranges: dict[tuple[str, tuple[int, ...]], tuple[Range, ...]] = {}
        self.memory_bytes = 1 << 40

    @property
    def free_bytes(self) -> int:
        return self.memory_bytes - sum(array.nbytes for array in self.memory.values())

    def know(self, program: Program, arena: int) -> None:
        """Takes note of a program's calls: in a thorough run a call may touch its own buffers of the arena alone."""
        self._arena = arena
        launches = (call for launch in program.launches for call in launch.calls)
        for call in (*program.incoming.calls, *launches, *program.collecting, *program.outgoing):
            buffers = [argument for argument in call.arguments if isinstance(argument, Buffer)]
            addresses = tuple(arena + buffer.offset_bytes for buffer in buffers)
            ranges = [(arena + buffer.offset_bytes, buffer.size_bytes, buffer.value.name) for buffer in buffers]
            known = self._ranges.get((call.kernel, addresses), tuple(ranges))  # other values may lie there later
            larger = (max(pair, key=lambda place: place[1]) for pair in zip(ranges, known, strict=True))
            self._ranges[call.kernel, addresses] = tuple(larger)

    def allocate(self, size_bytes: int) -> int:
        raw = np.full(size_bytes + ALIGNMENT_BYTES, 0xFF, np.uint8)
        begin = -raw.ctypes.data % ALIGNMENT_BYTES
        array = raw[begin : begin + size_bytes]
        self.memory[array.ctypes.data] = array
        return array.ctypes.data

    def release(self, address: int) -> None:
        del self.memory[address]

    def clear(self, address: int, size_bytes: int) -> None:
        self._view(address, size_bytes)[:] = 0

    def upload(self, address: int, array: Array) -> None:
        assert array.flags.c_contiguous
        self._view(address, array.nbytes)[:] = array.reshape(-1).view(np.uint8)

    def bring(self, address: int, array: Array) -> None:
        self.upload(address, array)

    def download(self, address: int, array: Array) -> None:
        assert array.flags.c_contiguous
        array.reshape(-1).view(np.uint8)[:] = self._view(address, array.nbytes)

    def graph(self, calls: Sequence[Bound]) -> NativeGraph:
        for call in calls:
            native_kernel(call.unit)
        return NativeGraph(tuple(calls))

    def launch(self, graph: NativeGraph, times: int) -> None:
        for _ in range(times):
            for call in graph.calls:
                self._check(call) if self.thorough else run_native(call, "forward")

    def wait(self) -> None:
        """Everything is done already."""

    def _check(self, call: Bound) -> None:
        before = {address: array.copy() for address, array in self.memory.items()}
        kernel = native_kernel(call.unit, watched=True)
        kernel.launch(call.blocks, call.unit.threads, *arguments_of(call), ranges=self._allowed(call))
        after = {address: array.copy() for address, array in self.memory.items()}
        for order in ORDERS:
            self._restore(before)
            run_native(call, order)
            for address, array in self.memory.items():
                assert np.array_equal(array, after[address]), f"{call.unit.name}: other bits in the order {order}"

    def _allowed(self, call: Bound) -> list[Range]:
        """The memory that a call may touch: its buffers, or the whole arena for calls of no known program, the state
        words and the data set."""
        arena = self.memory.get(self._arena)
        inside = [word for word in _addresses(call) if arena is not None and 0 <= word - self._arena < arena.nbytes]
        known = self._ranges.get((call.unit.kernel, tuple(inside)))
        others = [
            (address, array.nbytes, "memory")
            for address, array in self.memory.items()
            if known is None or address != self._arena
        ]
        return [*(known or ()), *others]

    def _restore(self, arrays: dict[int, Array]) -> None:
        for address, array in arrays.items():
            self.memory[address][:] = array

    def _view(self, address: int, size_bytes: int) -> Array:
        for begin, array in self.memory.items():
            if begin <= address and address + size_bytes <= begin + array.nbytes:
                return array[address - begin : address - begin + size_bytes]
        raise AssertionError(f"{size_bytes} bytes at {address:#x} are not allocated")


def run_native(call: Bound, order: Order) -> None:
    """Runs a call whose addresses are those of this process."""
    native_kernel(call.unit).launch(call.blocks, call.unit.threads, *arguments_of(call), order=order)


def _addresses(call: Bound) -> list[int]:
    """The addresses among the words of a call, but for that of the state words."""
    words, addresses = iter(call.words), list[int]()
    for kind in call.unit.kinds:
        values = [next(words) for _ in range(kind.count if isinstance(kind, Sizes) else 1)]
        addresses += values if kind in ("float32*", "int32*") else ()
    return addresses


def arguments_of(call: Bound) -> list[Any]:
    """The words of a call, sizes as one tuple each."""
    words, arguments = iter(call.words), list[Any]()
    for kind in call.unit.kinds:
        if isinstance(kind, Sizes):
            arguments.append(tuple(next(words) for _ in range(kind.count)))
        elif kind == "float32":
            arguments.append(np.uint32(next(words)).view(np.float32))
        else:
            arguments.append(next(words))
    return arguments
