"""A program on this processor: its arena, its compiled kernels, and the team of threads that runs them."""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netspec.diagnostics.failure import DeviceError
from netspec.ir.program import Program
from netspec.kernels.cpu import gather, state
from netspec.kernels.cpu.gather import collect_rows, gather_rows
from netspec.runtime import driver, layout
from netspec.runtime.feed import Feed, prepared
from netspec.runtime.launch_table import LaunchTable, launch_rows
from netspec.runtime.native import code_cache, driver_address

Array = NDArray[Any]
PAGE_BYTES = 4096
ENTRY = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)
"""The driver's address as a function; ctypes lets the GIL go while it runs."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """The first output of every image, (N, *shape) in the order of the feed, and the sums of loss and of correct
    answers over all of them, 0 where the program has none."""

    arrays: Array
    loss: float
    correct: float


class Machine:
    """Runs `program` on `threads` threads. Weights and states live in its arena between calls.

    `cache_dir` keeps compiled kernels from one process to the next; None compiles them anew. One caller at a time.
    Raises DeviceError (E590) where memory does not suffice.
    """

    def __init__(self, program: Program, threads: int = 1, *, cache_dir: Path | None = None) -> None:
        self.program, self.threads = program, threads
        self._lanes = program.target.lanes
        cache = code_cache(cache_dir)
        gathering, computing = gather_rows(program), launch_rows(program)
        collecting = collect_rows(program, program.outputs[0]) if program.outputs[0].batched else ()
        self._table = LaunchTable((*gathering, *computing, *collecting), self._lanes, cache)
        self._compute = len(gathering), len(gathering) + len(computing)
        self._drive = ENTRY(driver_address(cache))
        thread_floats = program.thread_bytes // 4
        self.arena = _allocate(program.arena_bytes // 4 + threads * thread_floats)
        self._state = np.zeros((threads, state.WORDS), np.int64)
        self._state[:, state.SCRATCH] = program.arena_bytes // 4 + thread_floats * np.arange(threads)
        self._state[:, state.THREADS] = threads
        self._control = self._new_control()

    def write(self, name: str, array: Array) -> None:
        """Stores a value by name: (N, *shape) with N up to the batch, or (*shape) of one without a batch axis."""
        grouped = self._view(name)
        if self.program.buffers[name].value.batched:
            layout.to_lanes(np.asarray(array, grouped.dtype), grouped)
        else:
            grouped[...] = array

    def read(self, name: str) -> Array:
        """A copy of a value by name: (batch, *shape), or (*shape) of one without a batch axis."""
        grouped = self._view(name)
        if self.program.buffers[name].value.batched:
            return layout.from_lanes(grouped, self.program.batch)
        return grouped.copy()

    def run(self, feed: Feed, *, first: int, steps: int, step_number: int, rate: float) -> Array:
        """Runs `steps` minibatches of the feed and returns (steps, 2) float64: the sums over each minibatch's images
        of the loss and of the correct answers.

        `first` is the place in the feed's order where the first minibatch begins, `step_number` counts steps since
        training began (Dropout draws by it), `rate` is the learning rate of all of them.
        """
        if "rate" in self.program.buffers:
            self.write("rate", np.array(rate, np.float32))
        self._take_feed(feed, first, steps, step_number)
        return self._call(0, self._compute[1], steps)

    def outputs(self, feed: Feed) -> Outputs:
        """Runs all images of the feed through a program without updates and collects its first output."""
        output, total = self.program.outputs[0], len(feed.order)
        results, steps = np.empty((total, *output.shape), np.float32), -(-total // self.program.batch)
        self._take_feed(feed, 0, steps, 0)
        self._state[:, state.RESULTS] = results.ctypes.data
        metrics = self._call(0, len(self._table.rows), steps)
        loss, correct = (float(total) for total in metrics.sum(axis=0))
        return Outputs(results, loss, correct)

    def step(self, images: int, *, step_number: int = 0, seed: int = 0) -> Array:
        """Runs one step on inputs that `write` has put there for `images` images; returns (1, 2) as `run` does."""
        self._state[:, [state.FIRST, state.TOTAL]] = 0, images
        self._state[:, [state.STEP, state.SEED]] = step_number, _signed(seed)
        return self._call(*self._compute, 1)

    def _view(self, name: str) -> Array:
        return layout.view(self.arena, self.program.buffers[name], self._lanes)

    def _new_control(self) -> Array:
        control = np.zeros(driver.CONTROL_WORDS, np.int64)
        control[driver.ROWS] = self._table.words.ctypes.data
        control[driver.ARENA] = self.arena.ctypes.data
        control[driver.STATES] = self._state.ctypes.data
        control[[driver.BATCH, driver.LANES]] = self.program.batch, self._lanes
        control[driver.THREADS] = self.threads
        control[[driver.LOSS, driver.CORRECT]] = self._place("loss"), self._place("correct")
        return control

    def _place(self, output: str) -> int:
        """Where a scalar output lies in the arena, -1 where the program has none of that name."""
        names = {value.name for value in self.program.outputs}
        return self.program.buffers[output].offset_bytes // 4 if output in names else -1

    def _take_feed(self, feed: Feed, first: int, steps: int, step_number: int) -> None:
        """Puts a feed into the state words, and keeps it alive."""
        feed = self._feed = prepared(feed, self.program, first, steps)
        words = self._state
        words[:, state.FIRST], words[:, state.TOTAL] = first, len(feed.order)
        words[:, state.STEP], words[:, state.EPOCH] = step_number, feed.epoch
        words[:, state.SEED] = _signed(feed.seed)
        words[:, state.IMAGES], words[:, state.ORDER] = feed.images.ctypes.data, feed.order.ctypes.data
        words[:, state.LABELS] = 0 if feed.labels is None else feed.labels.ctypes.data
        words[:, state.MEAN], words[:, state.SCALE] = feed.mean.ctypes.data, feed.scale.ctypes.data
        words[:, state.SOURCE_BYTES] = feed.images.itemsize
        words[:, state.SOURCE_HEIGHT], words[:, state.SOURCE_WIDTH] = feed.images.shape[2:]
        words[:, state.CROP] = _crop_mode(feed)
        words[:, state.CROP_PAD] = feed.crop.pad if feed.crop else 0

    def _call(self, begin: int, end: int, steps: int) -> Array:
        metrics = np.zeros((steps, 2), np.float64)
        self._control[[driver.ROW_BEGIN, driver.ROW_END, driver.STEPS]] = begin, end, steps
        self._control[driver.METRICS] = metrics.ctypes.data
        self._control[[driver.ARRIVED, driver.GENERATION, driver.ABORT]] = 0
        self._run_team()
        return metrics

    def _run_team(self) -> None:
        """Runs the driver on every thread of the team, this one among them."""
        workers = [threading.Thread(target=self._enter, args=(k,)) for k in range(1, self.threads)]
        try:
            for worker in workers:
                worker.start()
            self._enter(0)
        except BaseException:
            self._control[driver.ABORT] = 1
            raise
        finally:
            _join(workers)

    def _enter(self, thread: int) -> None:
        result = ctypes.c_void_p()
        self._drive(ctypes.addressof(result), None, self._control.ctypes.data, thread)


def _join(workers: Iterable[threading.Thread]) -> None:
    for worker in workers:
        if worker.ident is not None:
            worker.join()


def _allocate(floats: int) -> Array:
    """float32 zeros that begin on a page; a page more lies behind, for tiles may read past the last rows there are."""
    size_bytes = floats * 4 + 2 * PAGE_BYTES
    if size_bytes > physical_bytes():
        raise _too_large(size_bytes)
    try:
        raw = np.zeros(size_bytes, np.uint8)
    except MemoryError:
        raise _too_large(size_bytes) from None
    begin = -raw.ctypes.data % PAGE_BYTES
    return raw[begin : begin + floats * 4].view(np.float32)


def _too_large(size_bytes: int) -> DeviceError:
    return DeviceError(
        "E590",
        f"the program needs {size_bytes / 1e9:.2f} GB of memory, and this machine has {physical_bytes() / 1e9:.2f} GB",
        helps=("a smaller batch needs less: `--set train.batch=16`",),
    )


def physical_bytes() -> int:
    """Memory of this machine; without limit where it cannot be told."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return 1 << 62


def _signed(seed: int) -> int:
    """A seed of 64 bits as an int64."""
    return (seed + 2**63) % 2**64 - 2**63


def _crop_mode(feed: Feed) -> int:
    if feed.crop is None:
        return gather.NO_CROP
    return gather.RANDOM_CROP if feed.crop.random else gather.CENTRE_CROP
