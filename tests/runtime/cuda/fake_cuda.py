"""A driver of CUDA in Python, in place of `cuda.bindings.driver`: strict about handles, contexts and order.

Work of a stream is done as late as allowed, when the host waits for it, so that memory which is changed or freed too
early shows; with `early`, that of streams without graphs is done as early as allowed. Kernels are what `COMPILER`
makes: a unit's address as JSON, which `execute` gets with the arguments.
"""

import ctypes
import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from netspec.kernels.cuda.language.unit import Kind, Sizes, Unit
from netspec.runtime.cache import Code, CodeCache
from netspec.runtime.compile_server import Compiler
from netspec.runtime.cuda.compilation import ArchUnit, symbol_of, unit_at
from netspec.runtime.cuda.driver import Bound
from netspec.runtime.cuda.driver_api import initialized
from netspec.runtime.cuda.gpu import GpuDriver

SUCCESS, OUT_OF_MEMORY, NO_DEVICE, ILLEGAL_STATE, LOST = 0, 2, 100, 401, 719
NAMES = {
    1: b"CUDA_ERROR_INVALID_VALUE",
    OUT_OF_MEMORY: b"CUDA_ERROR_OUT_OF_MEMORY",
    NO_DEVICE: b"CUDA_ERROR_NO_DEVICE",
    ILLEGAL_STATE: b"CUDA_ERROR_ILLEGAL_STATE",
    209: b"CUDA_ERROR_NO_BINARY_FOR_GPU",
    214: b"CUDA_ERROR_ECC_UNCORRECTABLE",
    700: b"CUDA_ERROR_ILLEGAL_ADDRESS",
    701: b"CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES",
    716: b"CUDA_ERROR_MISALIGNED_ADDRESS",
    LOST: b"CUDA_ERROR_LAUNCH_FAILED",
    803: b"CUDA_ERROR_SYSTEM_DRIVER_MISMATCH",
    999: b"CUDA_ERROR_UNKNOWN",
}
ATTRIBUTES = {16: 132, 75: 9, 76: 0, 82: 65536, 97: 232448}
MEMORY_BYTES = 1 << 32
COMPILER = Compiler(
    __name__, "fake", lambda each: Code(symbol_of(each.unit), json.dumps(each.address).encode()), unit_at
)

Work = Callable[[], None]


@dataclass(frozen=True)
class Waiting:
    """Work of a stream that waits for an event."""

    reached: list[bool]
    force: Work

    def __call__(self) -> None:
        if not self.reached:
            self.force()


@dataclass(eq=False)
class Handle:
    """What a function has made: its kind, and what belongs to it."""

    kind: str
    content: Any = None
    queue: list[Work] = field(default_factory=list)
    capture: list[Work] | None = None


@dataclass
class FakeCuda:
    """`fail` is the number of the call that fails with `status`, counted from 0; with `lost` all later ones fail, too.
    `calls` are the names of the functions called so far."""

    execute: Callable[[Bound], None]
    fail: int | None = None
    status: int = LOST
    lost: bool = False
    early: bool = False
    version: int = 13000
    memory_bytes: int = MEMORY_BYTES
    attributes: dict[int, int] = field(default_factory=lambda: dict(ATTRIBUTES))
    calls: list[str] = field(default_factory=list)
    live: set[Handle] = field(default_factory=set)
    memory: dict[int, Any] = field(default_factory=dict)
    pinned: dict[int, Any] = field(default_factory=dict)
    current: threading.local = field(default_factory=threading.local)

    CUdevice_attribute = staticmethod(int)
    CUstreamCaptureMode = staticmethod(int)

    def __getattr__(self, name: str) -> Callable[..., tuple[Any, ...]]:
        """A function `cuName`: counted, made to fail where asked, else done by `_name`."""
        if not name.startswith("cu"):
            raise AttributeError(name)
        do = getattr(self, f"_{name}")

        def called(*arguments: Any) -> tuple[Any, ...]:
            number = len(self.calls)
            self.calls.append(name)
            if self.fail is not None and (number == self.fail or (self.lost and number > self.fail)):
                if name == "cuStreamEndCapture":  # an error ends the capture, too
                    arguments[0].capture = None
                return (self.status, *[None] * (name in MAKERS))
            if name == "cuStreamEndCapture" and arguments[0].capture is None:
                return ILLEGAL_STATE, None
            made = do(*arguments)
            return (SUCCESS,) if made is None else (SUCCESS, *made) if isinstance(made, tuple) else (SUCCESS, made)

        return called

    def cuGetErrorName(self, status: int) -> tuple[int, bytes | None]:  # noqa: N802
        return (SUCCESS, NAMES[status]) if status in NAMES else (1, None)

    # -- the device

    def _cuDriverGetVersion(self) -> int:  # noqa: N802
        return self.version

    def _cuInit(self, flags: int) -> None:  # noqa: N802
        assert flags == 0

    def _cuDeviceGetCount(self) -> int:  # noqa: N802
        return 1

    def _cuDeviceTotalMem(self, device: str) -> int:  # noqa: N802
        return self.memory_bytes

    def _cuDeviceGet(self, number: int) -> str:  # noqa: N802
        assert "cuInit" in self.calls
        assert number == 0
        return "device"

    def _cuDeviceGetName(self, size: int, device: str) -> bytes:  # noqa: N802
        return b"Fake H200".ljust(size, b"\0")

    def _cuDeviceGetAttribute(self, number: int, device: str) -> int:  # noqa: N802
        return self.attributes[number]

    def _cuDevicePrimaryCtxRetain(self, device: str) -> Handle:  # noqa: N802
        return self._new("context")

    def _cuDevicePrimaryCtxRelease(self, device: str) -> None:  # noqa: N802
        (context,) = (handle for handle in self.live if handle.kind == "context")
        self._end(context, "context")

    def _cuCtxSetCurrent(self, context: Handle) -> None:  # noqa: N802
        assert context in self.live
        self.current.context = context

    # -- memory

    def _cuMemGetInfo(self) -> tuple[int, int]:  # noqa: N802
        self._check_context()
        return self.memory_bytes - sum(array.nbytes for array in self.memory.values()), self.memory_bytes

    def _cuMemAlloc(self, size: int) -> int:  # noqa: N802
        self._check_context()
        assert size > 0
        return _allocated(size, self.memory)

    def _cuMemFree(self, address: int) -> None:  # noqa: N802
        self._check_context()
        assert not any(stream.queue for stream in self._streams()), "memory is freed before work is done"
        del self.memory[address]

    def _cuMemHostAlloc(self, size: int, flags: int) -> int:  # noqa: N802
        self._check_context()
        return _allocated(size, self.pinned)

    def _cuMemFreeHost(self, address: int) -> None:  # noqa: N802
        assert not any(stream.queue for stream in self._streams()), "memory is freed before work is done"
        del self.pinned[address]

    def _cuMemcpyHtoDAsync(self, to: int, source: int, size: int, stream: Handle) -> None:  # noqa: N802
        target, origin = _view(self.memory, to, size), _view(self.pinned, source, size)
        self._enqueue(stream, lambda: np.copyto(target, origin))

    def _cuMemcpyDtoHAsync(self, to: int, source: int, size: int, stream: Handle) -> None:  # noqa: N802
        origin, target = _view(self.memory, source, size), (ctypes.c_uint8 * size).from_address(to)
        self._enqueue(stream, lambda: np.copyto(np.ctypeslib.as_array(target), origin))

    def _cuMemsetD8Async(self, to: int, value: int, size: int, stream: Handle) -> None:  # noqa: N802
        target = _view(self.memory, to, size)
        self._enqueue(stream, lambda: target.fill(value))

    # -- streams and events

    def _cuStreamCreate(self, flags: int) -> Handle:  # noqa: N802
        self._check_context()
        return self._new("stream")

    def _cuStreamDestroy(self, stream: Handle) -> None:  # noqa: N802
        assert stream.capture is None
        self._end(stream, "stream")

    def _cuStreamSynchronize(self, stream: Handle) -> None:  # noqa: N802
        self._check_context()
        assert stream in self.live
        assert stream.capture is None
        self._done(stream, len(stream.queue))

    def _cuEventCreate(self, flags: int) -> Handle:  # noqa: N802
        self._check_context()
        return self._new("event")

    def _cuEventDestroy(self, event: Handle) -> None:  # noqa: N802
        self._end(event, "event")

    def _cuStreamWaitEvent(self, stream: Handle, event: Handle, flags: int) -> None:  # noqa: N802
        assert event in self.live
        if event.content is not None:
            other, reached = event.content
            self._enqueue(stream, Waiting(reached, lambda: self._reach(other, reached)))

    def _cuEventRecord(self, event: Handle, stream: Handle) -> None:  # noqa: N802
        reached: list[bool] = []
        event.content = stream, reached
        self._enqueue(stream, lambda: reached.append(True))

    def _cuEventSynchronize(self, event: Handle) -> None:  # noqa: N802
        assert event in self.live
        if event.content is not None:
            self._reach(*event.content)

    # -- kernels and graphs

    def _cuModuleLoadData(self, code: bytes) -> Handle:  # noqa: N802
        self._check_context()
        return self._new("module", unit_at(json.loads(code)))

    def _cuModuleUnload(self, module: Handle) -> None:  # noqa: N802
        self._end(module, "module")

    def _cuModuleGetFunction(self, module: Handle, name: bytes) -> ArchUnit:  # noqa: N802
        assert module in self.live
        assert name.decode() == symbol_of(module.content.unit)
        return module.content

    def _cuLaunchKernel(self, function: ArchUnit, *rest: Any) -> None:  # noqa: N802
        blocks, one, two, threads, three, four, shared, stream, places, extra = rest
        assert (one, two, three, four, shared, extra) == (1, 1, 1, 1, 0, 0)
        assert threads == function.unit.threads
        assert function.architecture == f"sm_{self.attributes[75]}{self.attributes[76]}"
        bound = Bound(function.unit, blocks, _words(function, places))
        self._enqueue(stream, lambda: self.execute(bound))

    def _cuStreamBeginCapture(self, stream: Handle, mode: int) -> None:  # noqa: N802
        self._check_context()
        assert stream.capture is None
        assert mode == 2
        stream.capture = []

    def _cuStreamEndCapture(self, stream: Handle) -> Handle:  # noqa: N802
        captured, stream.capture = stream.capture, None
        return self._new("graph", captured)

    def _cuGraphInstantiate(self, graph: Handle, flags: int) -> Handle:  # noqa: N802
        assert graph in self.live
        return self._new("executable", tuple(graph.content))

    def _cuGraphDestroy(self, graph: Handle) -> None:  # noqa: N802
        self._end(graph, "graph")

    def _cuGraphExecDestroy(self, executable: Handle) -> None:  # noqa: N802
        self._end(executable, "executable")

    def _cuGraphLaunch(self, executable: Handle, stream: Handle) -> None:  # noqa: N802
        self._check_context()
        assert executable in self.live
        stream.content = "graphs"
        for work in executable.content:
            self._enqueue(stream, work)

    # -- the fake itself

    def left(self) -> int:
        """How many things were made and not given back."""
        return len(self.live) + len(self.memory) + len(self.pinned)

    def _new(self, kind: str, content: Any = None) -> Handle:
        handle = Handle(kind, content)
        self.live.add(handle)
        return handle

    def _end(self, handle: Handle, kind: str) -> None:
        assert handle.kind == kind
        self.live.remove(handle)

    def _streams(self) -> list[Handle]:
        return [handle for handle in self.live if handle.kind == "stream"]

    def _check_context(self) -> None:
        assert getattr(self.current, "context", None) in self.live, "no context in this thread"

    def _enqueue(self, stream: Handle, work: Work) -> None:
        assert stream in self.live
        (stream.queue if stream.capture is None else stream.capture).append(work)
        self._go_on()

    def _reach(self, stream: Handle, reached: list[bool]) -> None:
        while not reached:
            self._done(stream, 1)

    def _done(self, stream: Handle, count: int) -> None:
        for _ in range(min(count, len(stream.queue))):
            stream.queue.pop(0)()
            self._go_on()

    def _go_on(self) -> None:
        """With `early`, streams without graphs do what they can."""
        for stream in self._streams() if self.early else ():
            while stream.content != "graphs" and stream.queue and _may_run(stream.queue[0]):
                stream.queue.pop(0)()


MAKERS = frozenset(
    name[1:] for name in vars(FakeCuda) if name.startswith("_cu") and vars(FakeCuda)[name].__annotations__["return"]
)
"""functions that return more than their status, which is None where they fail"""


def opened(cuda: FakeCuda) -> GpuDriver:
    """The driver of the fake's GPU, which compiles by `COMPILER` and keeps no code."""
    return GpuDriver(initialized(cuda), CodeCache(None), COMPILER)


def _may_run(work: Work) -> bool:
    return not isinstance(work, Waiting) or bool(work.reached)


def _allocated(size: int, arrays: dict[int, Any]) -> int:
    raw = np.full(size + 256, 0xFF, np.uint8)
    begin = -raw.ctypes.data % 256
    array = raw[begin : begin + size]
    arrays[array.ctypes.data] = array
    return array.ctypes.data


def _view(arrays: dict[int, Any], address: int, size: int) -> Any:
    for begin, array in arrays.items():
        if begin <= address and address + size <= begin + array.nbytes:
            return array[address - begin : address - begin + size]
    raise AssertionError(f"{size} bytes at {address:#x} are not allocated")


def _words(function: ArchUnit, places: int) -> tuple[int, ...]:
    """The parameters of a kernel, each read with the bytes that it has."""
    sizes = parameter_bytes(function.unit)
    addresses: Sequence[int] = (ctypes.c_uint64 * len(sizes)).from_address(places)
    pairs = zip(addresses, sizes, strict=True)
    return tuple(int.from_bytes(ctypes.string_at(address, size), "little") for address, size in pairs)


def parameter_bytes(unit: Unit) -> list[int]:
    """Bytes of each parameter of a kernel, in order; `test_parameters.py` compares them with PTX."""
    return [size for kind in unit.kinds for size in _sizes(kind)]


def _sizes(kind: Kind | Sizes) -> list[int]:
    if not isinstance(kind, Sizes):
        return [8 if kind.endswith("*") else 4]
    return [4 if kind.values is None else 8] * kind.count
