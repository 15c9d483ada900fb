"""A GPU of this machine: its target, and its driver with memory, one stream of work, kernels and graphs."""
# pyright: basic

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from functools import cache
from typing import Any

import numpy as np

from netspec.diagnostics.failure import DeviceError
from netspec.runtime.cache import CodeCache
from netspec.runtime.compile_server import Compiler
from netspec.runtime.cuda.compilation import COMPILER, ArchUnit, user_code
from netspec.runtime.cuda.driver import Array, Bound
from netspec.runtime.cuda.driver_api import DriverApi, open_api
from netspec.runtime.cuda.graphs import GpuGraph, Node
from netspec.runtime.cuda.staging import Beside, Staging, new_stream
from netspec.runtime.obtain import obtain
from netspec.targets.cuda.processor import CudaTarget

LEAST_CAPABILITY = (8, 0)
MULTIPROCESSORS, MAJOR, MINOR, REGISTERS, SHARED_BYTES = 16, 75, 76, 82, 97
"""attributes of a device by their numbers in `CUdevice_attribute`; shared memory is what a block can ask for"""
NAME_BYTES = 256


class GpuDriver:
    """The first GPU that the driver knows, in its primary context; satisfies `Driver`. Unusable in a forked child."""

    def __init__(self, api: DriverApi, cache: CodeCache, compiler: Compiler[ArchUnit] = COMPILER) -> None:
        self._api, self._cache, self._compiler = api, cache, compiler
        self._functions: dict[str, Any] = {}
        self._owned = ExitStack()
        device = api.call("cuDeviceGet", 0)
        self.name = api.call("cuDeviceGetName", NAME_BYTES, device).split(b"\0")[0].decode()
        self.target = target_of(api, device, self.name)
        try:
            self._open(device)
        except BaseException:
            self.close()
            raise

    def _open(self, device: Any) -> None:
        self._context = self._api.call("cuDevicePrimaryCtxRetain", device)
        self._owned.callback(self._api.end, "cuDevicePrimaryCtxRelease", device)
        self._enter()
        self._stream, self._capturing = new_stream(self._api, self._owned), new_stream(self._api, self._owned)
        self._staging = Staging(self._api, self._stream)
        self._owned.callback(self._staging.close)
        self._beside: Beside | None = None

    def close(self) -> None:
        """Gives back all but graphs and the memory that `allocate` gave out. Nothing is raised."""
        self._owned.close()

    @property
    def free_bytes(self) -> int:
        """Memory of the GPU that is free."""
        self._enter()
        return int(self._api.call("cuMemGetInfo")[0])

    def allocate(self, size_bytes: int) -> int:
        """As in `Driver`; the driver aligns to 256 bytes at least."""
        self._enter()
        return int(self._api.call("cuMemAlloc", size_bytes))

    def release(self, address: int) -> None:
        """As in `Driver`. Nothing is raised: where the GPU is lost, its memory is, too."""
        self._api.end("cuCtxSetCurrent", self._context)
        self._api.end("cuStreamSynchronize", self._stream)
        if self._beside is not None:
            self._api.end("cuStreamSynchronize", self._beside.stream)
        self._api.end("cuMemFree", address)

    def clear(self, address: int, size_bytes: int) -> None:
        """As in `Driver`."""
        self._enter()
        if size_bytes:
            self._api.call("cuMemsetD8Async", address, 0, size_bytes, self._stream)

    def upload(self, address: int, array: Array) -> None:
        """As in `Driver`."""
        self._enter()
        self._staging.send(address, array)

    def bring(self, address: int, array: Array) -> None:
        """As in `Driver`."""
        self._enter()
        if self._beside is None:
            self._beside = Beside(self._api, self._stream)
            self._owned.callback(self._beside.close)
        self._beside.send(address, array)

    def download(self, address: int, array: Array) -> None:
        """As in `Driver`."""
        self._enter()
        if array.nbytes:
            self._api.call("cuMemcpyDtoHAsync", array.ctypes.data, address, array.nbytes, self._stream)
        self._api.call("cuStreamSynchronize", self._stream)

    def graph(self, calls: Sequence[Bound]) -> GpuGraph:
        """As in `Driver`."""
        self._enter()
        units = {call.unit.name: ArchUnit(call.unit, self.target.name) for call in calls}
        self._load(tuple(unit for name, unit in units.items() if name not in self._functions))
        nodes = (
            Node(self._functions[call.unit.name], call.blocks, call.unit.threads, np.array(call.words, np.uint64))
            for call in calls
        )
        return GpuGraph(self._api, self._capturing, tuple(nodes))

    def launch(self, graph: GpuGraph, times: int) -> None:
        """As in `Driver`."""
        self._enter()
        graph.launch(self._stream, times)

    def wait(self) -> None:
        """As in `Driver`."""
        self._enter()
        self._api.call("cuStreamSynchronize", self._stream)

    def _enter(self) -> None:
        """Makes the context this thread's."""
        self._api.call("cuCtxSetCurrent", self._context)

    def _load(self, units: Sequence[ArchUnit]) -> None:
        """Loads kernels, which stay loaded as long as the process lives."""
        codes = obtain(units, self._cache, self._compiler)
        for each in units:
            code = codes[each.name]
            module = self._api.call("cuModuleLoadData", code.object_file)
            self._owned.callback(self._api.end, "cuModuleUnload", module)
            self._functions[each.unit.name] = self._api.call("cuModuleGetFunction", module, code.symbol.encode())


@cache
def open_gpu() -> GpuDriver:
    """The GPU of this process, with compiled kernels in the user's cache. Raises DeviceError (E597 to E599) as
    `open_api` does, and E598 for a GPU that is too old."""
    return GpuDriver(open_api(), user_code())


def target_of(api: DriverApi, device: Any, name: str) -> CudaTarget:
    """The target of a device. Raises DeviceError (E598) where its compute capability is below 8.0."""
    major, minor = api.attribute(MAJOR, device), api.attribute(MINOR, device)
    if (major, minor) < LEAST_CAPABILITY:
        least = "8.0 (Ampere, 2020)"
        raise DeviceError("E598", f"the {name} has compute capability {major}.{minor}, and netspec needs {least}")
    return CudaTarget(
        f"sm_{major}{minor}",
        multiprocessors=api.attribute(MULTIPROCESSORS, device),
        shared_bytes=api.attribute(SHARED_BYTES, device),
        registers=api.attribute(REGISTERS, device),
    )
