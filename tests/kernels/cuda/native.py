"""A driver whose device is this processor: kernels run as native code of the LLVM IR that becomes PTX."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from netspec.kernels.cuda.language.signature import signature
from netspec.kernels.cuda.language.unit import Unit
from netspec.kernels.cuda.table import KERNELS
from netspec.runtime.cuda.driver import Array, Bound
from tests.cuda_native.run import NativeKernel, Order, compile_kernel

ALIGNMENT_BYTES = 256
_COMPILED: dict[tuple[str, bool], NativeKernel] = {}


def native_kernel(unit: Unit, *, watched: bool = False) -> NativeKernel:
    """The compiled kernel of a unit, made once in a process."""
    key = unit.name, watched
    if key not in _COMPILED:
        _COMPILED[key] = compile_kernel(KERNELS[unit.kernel], signature(unit), watched=watched)
    return _COMPILED[key]


@dataclass(frozen=True, slots=True)
class NativeGraph:
    """Calls with their compiled kernels."""

    calls: tuple[tuple[NativeKernel, Bound], ...]


class NativeDriver:
    """Runs every call at once, its threads in `order`. With `watched` each access to memory is checked."""

    name = "this processor"

    def __init__(self, order: Order = "forward", *, watched: bool = False) -> None:
        self.order: Order = order
        self.watched = watched
        self.memory: dict[int, Array] = {}
        """arrays by address"""

    def allocate(self, size_bytes: int) -> int:
        raw = np.full(size_bytes + ALIGNMENT_BYTES, 0xFF, np.uint8)
        begin = -raw.ctypes.data % ALIGNMENT_BYTES
        array = raw[begin : begin + size_bytes]
        self.memory[array.ctypes.data] = array
        return array.ctypes.data

    def release(self, address: int) -> None:
        del self.memory[address]

    def upload(self, address: int, array: Array) -> None:
        assert array.flags.c_contiguous
        self._view(address, array.nbytes)[:] = array.reshape(-1).view(np.uint8)

    def download(self, address: int, array: Array) -> None:
        assert array.flags.c_contiguous
        array.reshape(-1).view(np.uint8)[:] = self._view(address, array.nbytes)

    def graph(self, calls: Sequence[Bound]) -> NativeGraph:
        return NativeGraph(tuple((native_kernel(call.unit, watched=self.watched), call) for call in calls))

    def launch(self, graph: NativeGraph, times: int) -> None:
        ranges = [(address, array.nbytes, "memory") for address, array in self.memory.items()]
        for _ in range(times):
            for kernel, call in graph.calls:
                arguments = _arguments(call)
                kernel.launch(call.blocks, call.unit.threads, *arguments, order=self.order, ranges=ranges)

    def wait(self) -> None:
        """Everything is done already."""

    def _view(self, address: int, size_bytes: int) -> Array:
        for begin, array in self.memory.items():
            if begin <= address and address + size_bytes <= begin + array.nbytes:
                return array[address - begin : address - begin + size_bytes]
        raise AssertionError(f"{size_bytes} bytes at {address:#x} are not allocated")


def _arguments(call: Bound) -> list[Any]:
    """The words of a call, sizes as one tuple each and numbers as what the runner packs."""
    words, arguments = iter(call.words), list[Any]()
    for kind in call.unit.kinds:
        if not isinstance(kind, str):
            arguments.append(tuple(next(words) for _ in range(kind.count)))
        elif kind == "float32":
            arguments.append(np.uint32(next(words)).view(np.float32))
        else:
            arguments.append(next(words))
    return arguments
