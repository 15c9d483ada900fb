"""Page-locked memory by way of which arrays are copied to a GPU, in turn with its work or beside it."""

from __future__ import annotations

import ctypes
from contextlib import ExitStack
from typing import Any

import numpy as np

from netspec.runtime.cuda.driver import Array
from netspec.runtime.cuda.driver_api import DriverApi

NON_BLOCKING = 1
"""flag of a stream that does not wait for work that others give to the default stream"""
HALF_BYTES = 8 << 20
ALIGNMENT_BYTES = 256
DISABLE_TIMING = 2
"""flag of an event that is only waited for"""


class Staging:
    """Two halves that are filled in turn: while the GPU copies from one, the host writes the other. A half is written
    again when the copies from it are done."""

    def __init__(self, api: DriverApi, stream: Any, half_bytes: int = HALF_BYTES) -> None:
        self._api, self._stream, self._half_bytes = api, stream, half_bytes
        self._owned = ExitStack()
        self._half, self._used = 0, 0
        try:
            self._copied = new_event(api, self._owned), new_event(api, self._owned)
            self._address = int(api.call("cuMemHostAlloc", 2 * half_bytes, 0))
        except BaseException:
            self.close()
            raise
        self._owned.callback(api.end, "cuMemFreeHost", self._address)
        raw = (ctypes.c_uint8 * (2 * half_bytes)).from_address(self._address)
        self._memory = np.ctypeslib.as_array(raw)

    def send(self, address: int, array: Array) -> None:
        """Copies a contiguous array to an address on the GPU, after the stream's earlier work; the array may be changed
        when this returns."""
        raw, sent = array.reshape(-1).view(np.uint8), 0
        while sent < len(raw):
            if self._used >= self._half_bytes:
                self._turn()
            begin = self._half * self._half_bytes + self._used
            count = min(len(raw) - sent, self._half_bytes - self._used)
            self._used += -(-count // ALIGNMENT_BYTES) * ALIGNMENT_BYTES
            self._memory[begin : begin + count] = raw[sent : sent + count]
            self._api.call("cuMemcpyHtoDAsync", address + sent, self._address + begin, count, self._stream)
            sent += count

    def close(self) -> None:
        """Gives the memory back."""
        self._owned.close()

    def _turn(self) -> None:
        """Goes on to the other half, when the copies from it are done."""
        other = 1 - self._half
        self._api.call("cuEventRecord", self._copied[self._half], self._stream)
        self._api.call("cuEventSynchronize", self._copied[other])
        self._half, self._used = other, 0


class Beside:
    """Copies on a stream of their own while the stream `work` computes."""

    def __init__(self, api: DriverApi, work: Any, half_bytes: int = HALF_BYTES) -> None:
        self._api, self._work = api, work
        self._owned = ExitStack()
        try:
            self.stream = new_stream(api, self._owned)
            self._begun, self._next = new_event(api, self._owned), new_event(api, self._owned)
            self._come = new_event(api, self._owned)
            self._staging = Staging(api, self.stream, half_bytes)
        except BaseException:
            self._owned.close()
            raise
        self._owned.callback(self._staging.close)

    def send(self, address: int, array: Array) -> None:
        """Copies a contiguous array to an address that no work reads which was given since the last call of this; work
        given later finds it there. The array may be changed when this returns."""
        self._api.call("cuEventRecord", self._next, self._work)
        self._api.call("cuStreamWaitEvent", self.stream, self._begun, 0)
        self._begun, self._next = self._next, self._begun
        self._staging.send(address, array)
        self._api.call("cuEventRecord", self._come, self.stream)
        self._api.call("cuStreamWaitEvent", self._work, self._come, 0)

    def close(self) -> None:
        """Gives the memory back when the copies are done."""
        self._api.end("cuStreamSynchronize", self.stream)
        self._owned.close()


def new_stream(api: DriverApi, owned: ExitStack) -> Any:
    """A stream that ends with `owned`."""
    stream = api.call("cuStreamCreate", NON_BLOCKING)
    owned.callback(api.end, "cuStreamDestroy", stream)
    return stream


def new_event(api: DriverApi, owned: ExitStack) -> Any:
    """An event that ends with `owned`."""
    event = api.call("cuEventCreate", DISABLE_TIMING)
    owned.callback(api.end, "cuEventDestroy", event)
    return event
