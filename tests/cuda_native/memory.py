"""Memory of the emulated device at fixed addresses: special registers, launch description, warp exchange rows, shared
memory.

All of it is below 4 GiB, because PTX names a place in shared memory by 32 bits. Fixed addresses are the same in every
process, so compiled kernels may contain them and be kept on disk.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

THREADS = 1024
"""most threads of a block"""
WARP = 32
ROW_WORDS = 32
"""32-bit words that a thread can hand over in one collective"""
SHARED_BYTES = 232448
"""shared memory of a block, static and dynamic, on sm_90"""

BASE = 0x2000_0000

REGISTERS = BASE
"""int32 words, by `REGISTER_NAMES`"""
REGISTER_NAMES = (
    *("tid.x", "tid.y", "tid.z", "ntid.x", "ntid.y", "ntid.z"),
    *("ctaid.x", "ctaid.y", "ctaid.z", "nctaid.x", "nctaid.y", "nctaid.z"),
    *("thread", "dynamic", "count"),
)
"""`thread`: its number in the block; `dynamic`: bytes of dynamic shared memory; `count`: threads of the block whose
predicate was true at the last barrier"""
TID, NTID, CTAID, NCTAID, THREAD, DYNAMIC, COUNT = 0, 3, 6, 9, 12, 13, 14

FUNCTIONS = BASE + 0x400
"""int64 addresses of the host functions that kernels call, by their number in `host.py`"""
FUNCTION_WORDS = 64
SPARE = BASE + 0x800
"""target of accesses that a watched kernel must not make"""
SPARE_BYTES = 256
CONTROL = BASE + 0x1000
"""int64 words: the launch, and what watching needs"""
CONTROL_WORDS = 1024
TURNS = BASE + 0x4000
"""int32 for each thread: which of its two rows it filled last"""
PREDICATES = BASE + 0x5000
"""int32 for each thread: its predicate at the barrier where it waits"""
ROWS = BASE + 0x10000
"""two rows for each thread"""
ROWS_STRIDE = THREADS * ROW_WORDS * 4
SHARED = BASE + 0x100000
COPIES = BASE + 0x140000
"""int64 words for each thread: number of pending asynchronous copies, number of closed groups, then the copies"""
COPY_WORDS, MOST_COPIES = 4, 127
COPIES_STRIDE = (MOST_COPIES + 1) * COPY_WORDS * 8
END = COPIES + THREADS * COPIES_STRIDE

# Words of CONTROL.
ENTRY = 0
"""address of the kernel's code"""
ARGUMENTS = 1
GRID, BLOCK = 2, 5
"""three words each"""
BLOCK_ORDER = 8
"""address of int64 block numbers in the order of execution; THREAD_ORDER likewise"""
THREAD_ORDER = 9
FRAMES = 10
"""address of one coroutine frame of `FRAME_BYTES` for each thread"""
CONTINUATIONS = 11
"""address of an int64 for each thread: the code where it continues, 0 after its end"""
REASONS = 12
"""address of an int64 for each thread: what it waits for"""
SHARED_USED = 13
"""bytes of shared memory, static and dynamic"""
WATCHED = 14
"""1: accesses are watched"""
EPOCH = 15
"""number of barriers and blocks so far"""
BLOCK_CODE = 16
"""number of the current block + 1"""
RANGES, RANGE_COUNT = 17, 18
"""address of the watched ranges, in order: first address, end, address of the shadow cells"""
GRANULE_BITS = 19
"""log2 of the bytes that one shadow cell describes"""
LOCAL_FAULT = 20
"""1 after an access outside of a local array"""
COPY_FAULT = 21
"""1 after more than MOST_COPIES pending copies of a thread"""
FAULTS = 22
"""number of faults; the first MOST_FAULTS are stored from FIRST_FAULT on"""
PLACES = 23
"""address of three int32 for each thread: x, y, z"""
WARP_EPOCHS = 32
"""a word for each warp of the block: its number of `syncwarp`s"""
FIRST_FAULT, FAULT_WORDS, MOST_FAULTS = 64, 4, 64

FRAME_BYTES = 2048
"""larger coroutine frames are allocated on the heap"""


def view(address: int, count: int, dtype: Any) -> Any:
    """An array of `count` numbers at an address."""
    size_bytes = count * np.dtype(dtype).itemsize
    return np.frombuffer((ctypes.c_char * size_bytes).from_address(address), dtype)


def _map() -> None:
    """Maps BASE to END, filled with zeros. Raises MemoryError where something else is mapped there."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
    read_write, private_anonymous_fixed_noreplace = 3, 0x02 | 0x20 | 0x100000
    place = libc.mmap(BASE, END - BASE, read_write, private_anonymous_fixed_noreplace, -1, 0)
    if place != BASE:
        raise MemoryError(f"cannot map memory at {BASE:#x}: error {ctypes.get_errno()}")


_map()
registers = view(REGISTERS, len(REGISTER_NAMES), np.int32)
functions = view(FUNCTIONS, FUNCTION_WORDS, np.int64)
control = view(CONTROL, CONTROL_WORDS, np.int64)
spare = view(SPARE, SPARE_BYTES, np.uint8)
