"""CUDA kernels of numba-cuda executed on this processor.

    kernel = compile_kernel(function, types.void(FLOATS, FLOATS, types.int32))
    kernel.launch(grid, block, y, x, n)

The code is made from the LLVM IR that NVVM otherwise turns into PTX. One launch runs at a time in a process, on one
core. An access outside of memory may end the process unless the kernel is watched, so watch a new kernel first.

Bits are not always a GPU's: approximate instructions are computed exactly and rounded, `.ftz` forms keep denormals, and
where a sum has two products another one may be contracted. Stores are visible at once, in the order of execution, so
missing fences are not found. Not emulated, and refused by name: named barriers, `match`, `activemask`, clusters, wgmma,
TMA, textures, float16. A kernel that spins until another block writes never ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import FunctionType
from typing import Any, Literal

import numpy as np
from numba.cuda import types

from tests.cuda_native import host, memory, schedule
from tests.cuda_native.assembly import HOST_FUNCTIONS
from tests.cuda_native.check import MOST_BLOCKS, Range, Watch
from tests.cuda_native.compilation import Compiled, compiled
from tests.cuda_native.store import CACHE, key, loaded

Order = Literal["forward", "reverse"] | int
"""the order in which threads run; a number is the seed of a random one"""
Size = int | tuple[int, ...]
"""blocks of a grid or threads of a block, up to three numbers"""
OUTCOMES = {
    schedule.STUCK: "threads wait for ever, at barriers or collectives that others never reach",
    schedule.EARLY_EXIT: "some threads ended before a barrier where others wait",
    schedule.OTHER_BARRIER: "threads of a block wait at different barriers",
}


class KernelError(Exception):
    """A kernel broke a rule of CUDA."""


@dataclass(frozen=True, slots=True)
class NativeKernel:
    """A kernel's code in this process."""

    name: str
    signature: Any
    address: int
    facts: Compiled
    watched: bool

    def launch(
        self,
        grid: Size,
        block: Size,
        *arguments: Any,
        shared_bytes: int = 0,
        order: Order = "forward",
        ranges: Iterable[Range] = (),
    ) -> None:
        """Runs all threads. A pointer argument is an array or an address; a tuple fills a word for each member.

        A watched launch may touch the arrays among the arguments and `ranges` (address, bytes, name). Raises
        KernelError where threads wait for ever or end before a barrier, and where a watched launch makes a faulty
        access.
        """
        sizes = [*_three(grid), *_three(block)]
        blocks, threads = int(np.prod(sizes[:3])), int(np.prod(sizes[3:]))
        shared_used = self.facts.static_bytes + shared_bytes
        assert 0 < threads <= memory.THREADS
        assert shared_used <= memory.SHARED_BYTES
        for number in self.facts.host_functions:
            host.enter(HOST_FUNCTIONS[number], number)
        words = packed(self.signature.args, arguments)
        watch = self._watch(arguments, ranges, shared_used, blocks) if self.watched else None
        outcome = self._run(words, sizes, _ordered(order, blocks), _ordered(order, threads), shared_used, shared_bytes)
        faults = [*(watch.faults() if watch else ())]
        if outcome != schedule.FINE:
            faults.append(OUTCOMES[outcome])
        if memory.control[memory.COPY_FAULT]:
            faults.append(f"a thread has more than {memory.MOST_COPIES} pending copies")
        if faults:
            raise KernelError(f"{self.name}: {'; '.join(faults)}")

    def _watch(self, arguments: Sequence[Any], ranges: Iterable[Range], shared_used: int, blocks: int) -> Watch:
        assert blocks <= MOST_BLOCKS
        arrays = [
            (array.ctypes.data, array.nbytes, f"argument {number}")
            for number, array in enumerate(arguments)
            if isinstance(array, np.ndarray)
        ]
        return Watch([*arrays, *ranges], shared_used, self.facts.granule_bytes)

    def _run(self, words: Any, sizes: list[int], blocks: Any, order: Any, shared_used: int, shared_bytes: int) -> int:
        """Writes the launch to memory and runs it; an outcome of `schedule.py`."""
        control, threads = memory.control, len(order)
        places = np.stack(np.unravel_index(np.arange(threads), sizes[:2:-1])[::-1], axis=1).astype(np.int32)
        frames = np.empty(threads * memory.FRAME_BYTES + 64 if self.facts.waits else 64, np.uint8)
        waiting = np.zeros((2, threads), np.int64)
        control[memory.ENTRY], control[memory.ARGUMENTS] = self.address, words.ctypes.data
        control[memory.GRID : memory.GRID + 6] = sizes
        control[memory.BLOCK_ORDER], control[memory.THREAD_ORDER] = blocks.ctypes.data, order.ctypes.data
        control[memory.FRAMES] = -(-frames.ctypes.data // 64) * 64
        control[memory.CONTINUATIONS], control[memory.REASONS] = waiting[0].ctypes.data, waiting[1].ctypes.data
        control[memory.PLACES], control[memory.SHARED_USED] = places.ctypes.data, shared_used
        control[memory.WATCHED], control[memory.EPOCH], control[memory.COPY_FAULT] = self.watched, 0, 0
        control[memory.WARP_EPOCHS : memory.WARP_EPOCHS + memory.THREADS // memory.WARP] = 0
        memory.registers[memory.DYNAMIC] = shared_bytes
        memory.spare[:] = 0xFF
        return host.call(schedule.run_waiting if self.facts.waits else schedule.run_plain)


def _three(size: Size) -> tuple[int, ...]:
    sizes = size if isinstance(size, tuple) else (size,)
    return (*sizes, 1, 1)[:3]


def _ordered(order: Order, count: int) -> Any:
    """int64 numbers below `count` in an order."""
    forward = np.arange(count, dtype=np.int64)
    if order == "forward":
        return forward
    if order == "reverse":
        return forward[::-1].copy()
    return np.random.default_rng(order).permutation(forward)


def packed(kinds: Iterable[Any], arguments: Iterable[Any]) -> Any:
    """Arguments as 64-bit words in numba's order: a pointer is an address, a tuple its members, an array its header."""
    words = [word for kind, value in zip(kinds, arguments, strict=True) for word in _words(kind, value)]
    return np.array([word & 0xFFFF_FFFF_FFFF_FFFF for word in words] or [0], np.uint64)


def _words(kind: Any, value: Any) -> list[int]:
    if isinstance(kind, types.CPointer):
        return [value.ctypes.data if isinstance(value, np.ndarray) else int(value)]
    if isinstance(kind, types.Array):
        return [0, 0, value.size, value.itemsize, value.ctypes.data, *value.shape, *value.strides]
    if isinstance(kind, types.BaseTuple):
        return [word for member, own in zip(kind.types, value, strict=True) for word in _words(member, own)]
    if isinstance(kind, types.Float):
        single = kind.bitwidth == 32
        return [int(np.float32(value).view(np.uint32) if single else np.float64(value).view(np.uint64))]
    return [int(value)]


_KERNELS: dict[Any, NativeKernel] = {}


def compile_kernel(function: FunctionType, signature: Any, *, watched: bool = False) -> NativeKernel:
    """The code of a kernel for a signature, once in a process, kept on disk. `watched`: every access is checked, about
    ten times slower (`check.py`). Raises NotImplementedError for a part of CUDA that is not emulated."""
    asked = (function, signature, watched)
    if asked not in _KERNELS:
        name = key(function, signature, watched)
        known = _KERNELS.get(name) if name else None
        kernel = known or _kernel(function, signature, watched, name)
        _KERNELS[asked] = _KERNELS[name or asked] = kernel
    return _KERNELS[asked]


def _kernel(function: FunctionType, signature: Any, watched: bool, name: str | None) -> NativeKernel:
    """The code from disk or compiled; without a name it is not kept."""
    code = CACHE.load(name) if name else None
    if code is None:
        symbol = name or f"{function.__name__}-{len(_KERNELS)}"
        code = compiled(function, signature, symbol, watched=watched)
        if name:
            CACHE.store(name, code)
    facts = Compiled.of(code.symbol)
    return NativeKernel(function.__name__, signature, loaded(code, facts.symbol), facts, watched)
