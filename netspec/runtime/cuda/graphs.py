"""Graphs of kernels on a GPU: the calls of one step, captured once and launched many times."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from netspec.diagnostics.failure import CompilerBug, DeviceError
from netspec.runtime.cuda.driver import Array
from netspec.runtime.cuda.driver_api import DriverApi

STEPS = 16
"""Steps of a long graph: the host's time to launch a graph hardly depends on its size."""
RELAXED = 2
"""Mode of capture in which other work of this process, such as the release of memory, does not end the capture."""


@dataclass(frozen=True, slots=True)
class Node:
    """A kernel with its arguments: `words` (n,) uint64, of which a parameter takes the lower bytes that it has."""

    function: Any
    blocks: int
    threads: int
    words: Array


class GpuGraph:
    """Launches of `nodes` in order: once by a short graph, and `STEPS` times by a long one, which is made when it is
    first needed. Both are captured on `capturing`, a stream that runs nothing. They end with this object."""

    def __init__(self, api: DriverApi, capturing: Any, nodes: Sequence[Node]) -> None:
        self._api, self._capturing, self._nodes = api, capturing, tuple(nodes)
        self._made: dict[int, Any] = {}
        if nodes:
            self._graph(1)

    def launch(self, stream: Any, times: int) -> None:
        """Runs the calls so many times, after the stream's earlier work."""
        if not self._nodes:
            return
        many, single = divmod(times, STEPS)
        for steps, count in ((STEPS, many), (1, single)):
            for _ in range(count):
                self._api.call("cuGraphLaunch", self._graph(steps), stream)

    def _graph(self, steps: int) -> Any:
        if steps not in self._made:
            made = _instantiated(self._api, self._capturing, self._nodes * steps)
            weakref.finalize(self, self._api.end, "cuGraphExecDestroy", made).atexit = False
            self._made[steps] = made
        return self._made[steps]


def _instantiated(api: DriverApi, stream: Any, nodes: Sequence[Node]) -> Any:
    """An executable graph of launches, one after the other."""
    graph = _captured(api, stream, nodes)
    try:
        return api.call("cuGraphInstantiate", graph, 0)
    finally:
        api.end("cuGraphDestroy", graph)


def _captured(api: DriverApi, stream: Any, nodes: Sequence[Node]) -> Any:
    try:
        api.call("cuStreamBeginCapture", stream, api.functions.CUstreamCaptureMode(RELAXED))
        for node in nodes:
            places = node.words.ctypes.data + 8 * np.arange(len(node.words), dtype=np.uint64)
            grid, block = (node.blocks, 1, 1), (node.threads, 1, 1)
            api.call("cuLaunchKernel", node.function, *grid, *block, 0, stream, places.ctypes.data, 0)
        return api.call("cuStreamEndCapture", stream)
    except BaseException:
        with suppress(DeviceError, CompilerBug):
            api.end("cuGraphDestroy", api.call("cuStreamEndCapture", stream))
        raise
