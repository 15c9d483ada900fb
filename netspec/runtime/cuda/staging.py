"""Page-locked memory by way of which arrays are copied to a GPU."""

from __future__ import annotations

import ctypes
from contextlib import ExitStack
from typing import Any

import numpy as np

from netspec.runtime.cuda.driver import Array
from netspec.runtime.cuda.driver_api import DriverApi

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
        self._address = int(api.call("cuMemHostAlloc", 2 * half_bytes, 0))
        self._owned.callback(api.end, "cuMemFreeHost", self._address)
        raw = (ctypes.c_uint8 * (2 * half_bytes)).from_address(self._address)
        self._memory = np.ctypeslib.as_array(raw)
        try:
            self._copied = (self._event(), self._event())
        except BaseException:
            self.close()
            raise

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

    def _event(self) -> Any:
        event = self._api.call("cuEventCreate", DISABLE_TIMING)
        self._owned.callback(self._api.end, "cuEventDestroy", event)
        return event

    def _turn(self) -> None:
        """Goes on to the other half, when the copies from it are done."""
        self._api.call("cuEventRecord", self._copied[self._half], self._stream)
        self._half, self._used = 1 - self._half, 0
        self._api.call("cuEventSynchronize", self._copied[self._half])
