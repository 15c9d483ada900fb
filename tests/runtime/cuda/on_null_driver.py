"""Run in a process of its own with the folder of a null driver as `LD_LIBRARY_PATH`: uses the GPU's driver by the real
cuda.bindings, and prints as JSON what it saw, the host's time for a launch in a captured step, and that for a call of
an empty function."""

import ctypes
import json
import time
import timeit
from typing import Any

import numpy as np

from netspec.diagnostics.failure import DeviceError
from netspec.kernels.cuda.language.unit import Unit
from netspec.runtime.cache import Code, CodeCache
from netspec.runtime.compile_server import Compiler
from netspec.runtime.cuda.compilation import symbol_of, unit_at
from netspec.runtime.cuda.driver import Bound
from netspec.runtime.cuda.driver_api import open_api
from netspec.runtime.cuda.gpu import GpuDriver

COMPILER = Compiler(
    __name__, "null", lambda each: Code(symbol_of(each.unit), symbol_of(each.unit).encode() + b"\0"), unit_at
)
CALLS = 40
"""about the calls of a step of LeNet"""
STEPS, ROUNDS = 2000, 5


def seen() -> dict[str, Any]:
    driver = GpuDriver(open_api(), CodeCache(None), COMPILER)
    library = ctypes.CDLL("libcuda.so.1")
    library.null_sum.restype = ctypes.c_uint64
    library.null_launches.restype = ctypes.c_ulong
    array = np.arange(5 << 20, dtype=np.float32)
    found, address = np.empty_like(array), driver.allocate(array.nbytes)
    driver.upload(address, array[: 3 << 20])
    driver.bring(address + (12 << 20), array[3 << 20 :])
    driver.download(address, found)
    unit = Unit("kernel", 64, ("int64*", "int32"))
    graph = driver.graph([Bound(unit, 3, (1000, number)) for number in range(CALLS)])
    driver.launch(graph, 37)
    driver.wait()
    launches, total = library.null_launches(), library.null_sum()
    try:
        driver.allocate(1 << 33)
        code = None
    except DeviceError as error:
        code = error.code
    fastest = min(_seconds(driver, graph) for _ in range(ROUNDS))
    driver.release(address)
    driver.close()
    return {
        "name": driver.name,
        "target": driver.target.name,
        "same": bool((array == found).all()),
        "launches": launches,
        "sum": total,
        "code": code,
        "seconds_a_launch": fastest / (STEPS * CALLS),
        "seconds_a_call": min(timeit.repeat(lambda: None, number=100_000, repeat=ROUNDS)) / 100_000,
    }


def _seconds(driver: GpuDriver, graph: Any) -> float:
    begun = time.perf_counter()
    driver.launch(graph, STEPS)
    return time.perf_counter() - begun


if __name__ == "__main__":
    print(json.dumps(seen()))
