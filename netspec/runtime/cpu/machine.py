"""A program on the CPU: its arena, its compiled kernels, and the team of threads that runs them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from netspec.diagnostics.failure import CompilerBug, DeviceError
from netspec.ir.graph import Parameter, State, Value
from netspec.ir.initialize import draw
from netspec.ir.memory import FLOAT_BYTES, PAGE_BYTES
from netspec.kernels.cpu.channels.packing import packed
from netspec.kernels.cpu.incoming import gather
from netspec.kernels.cpu.incoming.gather import collect_rows, gather_rows
from netspec.kernels.cpu.incoming.initial import initial_row
from netspec.kernels.cpu.incoming.report import report_rows
from netspec.kernels.cpu.incoming.scalars import scalar_rows
from netspec.kernels.cpu.language import state
from netspec.kernels.cpu.language.rows import Row
from netspec.runtime.cpu import driver, layout
from netspec.runtime.cpu.launch_table import LaunchTable, one_launch, program_tasks
from netspec.runtime.cpu.native import code_cache
from netspec.runtime.cpu.pages import zeros
from netspec.runtime.cpu.phases import Task, row_task
from netspec.runtime.cpu.workers import Team
from netspec.runtime.feed import Crop, Pass, Rates, Source, check_steps, normalized, prepared_pass, prepared_source
from netspec.runtime.machine import Array, Outputs
from netspec.targets.cpu.program import Launch, Program

Job = Literal["step", "run", "outputs"]
"""Kind of a call. `step` runs the launches alone; `run` gathers minibatches first; `outputs` also collects outputs."""
CROPS: dict[Crop, int] = {"none": gather.NO_CROP, "random": gather.RANDOM_CROP, "centre": gather.CENTRE_CROP}


class CpuMachine:
    """Runs `program` on `threads` threads. Weights and states stay in its arena between calls.

    `cache_dir` stores compiled kernels for later processes; None compiles them again. One caller at a time. Raises
    DeviceError (E590) where memory is too small.
    """

    def __init__(self, program: Program, threads: int = 1, *, cache_dir: Path | None = None) -> None:
        self.program, self.threads = program, threads
        self._lanes = program.target.lanes
        self._cache = code_cache(cache_dir)
        self._tables: dict[Job, LaunchTable] = {}
        self._pieces: tuple[LaunchTable, ...] = ()
        self._views: dict[str, Array] = {}
        self._flat_views: dict[str, Array] = {}
        self._written: tuple[int, int, int] | None = None
        self._source: tuple[Source, Source] | None = None
        self._feed: tuple[Pass, Pass] | None = None
        self._columns = len(program.scalars)
        collected = _collected(program)
        self._answers = tuple(value.name for value in collected)
        self._answer_elements = sum(value.elements for value in collected)
        self._rates, self._metrics = np.empty((0, self._columns)), np.empty((0, 2))
        self.team = Team(threads, self._cache)
        thread_floats = program.thread_bytes // FLOAT_BYTES
        self.arena = _allocate(program.arena_bytes // FLOAT_BYTES + threads * thread_floats)
        self._state = np.zeros((threads, state.WORDS), np.int64)
        self._state[:, state.SCRATCH] = program.arena_bytes // FLOAT_BYTES + thread_floats * np.arange(threads)
        self._state[:, state.THREADS] = threads
        self._describe()
        self._table(_usual_job(program))

    def write(self, name: str, array: Array) -> None:
        """Stores a value: (N, *shape) with N up to the batch, or (*shape) without a batch axis."""
        grouped = self._view(name)
        if not self.program.buffers[name].value.batched:
            grouped[...] = array
        elif self.program.layout == "images":
            layout.to_lanes(np.asarray(array, grouped.dtype), grouped)
        else:
            layout.to_channels(array, grouped)

    def load(self, weights: Mapping[str, Array]) -> None:
        """Stores parameters and states by name. Where lanes hold channels, they are packed, and all must be given."""
        if self.program.layout == "channels":
            for constant in self.program.constants:
                arrays = tuple(weights[value.name] for value in constant.node.inputs[1:])
                self.write(constant.value.name, packed(constant, self._lanes, arrays))
        else:
            for name, array in weights.items():
                self.write(name, array)

    def read(self, name: str, images: int | None = None) -> Array:
        """A copy of a value: (batch, *shape), or (images, *shape) for the first `images`, or (*shape) without a batch
        axis."""
        grouped, value = self._view(name), self.program.buffers[name].value
        if not value.batched:
            return grouped.copy()
        if self.program.layout == "images":
            return layout.from_lanes(grouped, images or self.program.batch)
        return layout.from_channels(grouped, value.shape, images or self.program.batch)

    def initialize(self, kept: Sequence[Parameter | State], seed: int) -> None:
        """Sets parameters and states to the initial values that `ir/initialize.py` defines. The team draws them in
        place, with the same bits for any number of threads."""
        rows = [initial_row(each, self.program) for each in kept]
        for each, row in zip(kept, rows, strict=True):
            if row is None:
                self.write(each.value.name, draw(each.initial, each.value.shape, each.value.name, seed))
        self._take_written(1, 0, seed)
        self._call(LaunchTable([row_task(row) for row in rows if row], self.program, self.threads, self._cache), 1)

    def run(self, feed: Pass, *, first: int, step_number: int, rates: Rates) -> Array:
        """As in `Machine`. `rates` has one column for a training program, the learning rate, and none for others."""
        self._take_feed(feed, first, len(rates), step_number)
        self._take_scalars(rates, len(rates))
        return self._call(self._table("run"), len(rates))

    def walk(self, feed: Pass, *, first: int, step_number: int, rates: Rates, watch: Callable[[Launch], None]) -> Array:
        """As in `Machine`: a launch table for the gathering, one for each launch, and one for the report."""
        self._take_feed(feed, first, 1, step_number)
        self._take_scalars(rates, 1)
        gathering, *launches, reporting = self._launch_tables()
        self._call(gathering, 1)
        for launch, table in zip(self.program.launches, launches, strict=True):
            self._call(table, 1)
            watch(launch)
        return self._call(reporting, 1)

    def outputs(self, feed: Pass) -> Outputs:
        """As in `Machine`: runs a program without updates on all images of the feed."""
        if self.program.layout == "channels":
            return self._outputs_of_channels(feed)
        total = len(feed.order)
        results, steps = np.empty((total, self._answer_elements), np.float32), -(-total // self.program.batch)
        self._take_feed(feed, 0, steps, 0)
        self._state[:, state.RESULTS] = results.ctypes.data
        return Outputs(results, self._call(self._table("outputs"), steps))

    def answering(self, mean: Array, scale: Array) -> Callable[[Array], Array] | None:
        """As in `Machine`: where lanes hold channels, and the input's planes lie as an image's do."""
        given = self.program.inputs[0].name
        if self.program.layout != "channels" or self.program.buffers[given].vector_channels != 1:
            return None
        planes, mean, scale = self._view(given)[..., 0], mean[:, None, None], scale[:, None, None]
        self._reported(1)
        plain, table = not mean.any() and bool((scale == 1).all()), self._table("step")

        def answer(images: Array) -> Array:
            count = len(images)
            into = planes[:count]
            if plain:
                into[...] = images
            else:
                np.subtract(images, mean, out=into)
                np.multiply(into, scale, out=into)
            self._take_written(count, 0, 0)
            self._launch(table, 1)
            return self._answer(count)

        return answer

    def _answer(self, images: int) -> Array:
        """A copy of the outputs of the first images, side by side, of a program whose lanes hold channels."""
        flat = [self._flat(name)[:images] for name in self._answers]
        return flat[0].copy() if len(flat) == 1 else np.concatenate(flat, axis=1)

    def _outputs_of_channels(self, feed: Pass) -> Outputs:
        """`outputs` of a program whose lanes hold channels; it gathers no minibatch, so images go to its input."""
        program, total = self.program, len(feed.order)
        given = program.inputs[0]
        results = np.empty((total, self._answer_elements), np.float32)
        metrics: list[Array] = []
        for first in range(0, total, program.batch):
            images = normalized(feed, given.shape, slice(first, first + program.batch))
            self.write(given.name, images)
            metrics.append(self.step(len(images)))
            results[first : first + len(images)] = self._answer(len(images))
        return Outputs(results, metrics[0] if len(metrics) == 1 else np.concatenate(metrics))

    def step(self, images: int, *, step_number: int = 0, seed: int = 0) -> Array:
        """Runs one step on inputs that `write` has stored for `images` images; returns (1, 2) as `run` does."""
        self._take_written(images, step_number, seed)
        return self._call(self._table("step"), 1)

    def _view(self, name: str) -> Array:
        """The view of a value in the arena, made once."""
        if name not in self._views:
            buffer = self.program.buffers[name]
            if buffer.value.batched and self.program.layout == "channels":
                self._views[name] = layout.channel_view(self.arena, buffer)
            else:
                self._views[name] = layout.view(self.arena, buffer, self._lanes)
        return self._views[name]

    def _flat(self, name: str) -> Array:
        """(batch, elements) of a value whose lanes hold channels: a view, made once, where that is possible."""
        if name in self._flat_views:
            return self._flat_views[name]
        flat = layout.flat_channels(self._view(name), self.program.buffers[name].value.shape)
        if np.may_share_memory(flat, self.arena):
            self._flat_views[name] = flat
        return flat

    def _table(self, job: Job) -> LaunchTable:
        """The launch table of a job, made once."""
        if job not in self._tables:
            self._tables[job] = self._made(_tasks(self.program, job))
        return self._tables[job]

    def _launch_tables(self) -> tuple[LaunchTable, ...]:
        """Launch tables of one step of `run`, made once: the gathering, each launch, the report."""
        if not self._pieces:
            program = self.program
            before, after = (tuple(map(row_task, rows(program))) for rows in (_incoming_rows, report_rows))
            parts = (before, *(one_launch(launch, program) for launch in program.launches), after)
            self._pieces = tuple(map(self._made, parts))
        return self._pieces

    def _made(self, tasks: Sequence[Task]) -> LaunchTable:
        return LaunchTable(tasks, self.program, self.threads, self._cache)

    def _take_written(self, images: int, step_number: int, seed: int) -> None:
        """Sets the state words for inputs that `write` has stored, unless the last call of one step was the same."""
        if self._written == (images, step_number, seed):
            return
        self._feed = self._written = None  # an exception here leaves no words that are taken for others
        words = self._state
        words[:, state.FIRST], words[:, state.TOTAL] = 0, images
        words[:, state.STEP], words[:, state.SEED] = step_number, _signed(seed)
        self._written = images, step_number, seed

    def _take_feed(self, feed: Pass, first: int, steps: int, step_number: int) -> None:
        """Sets the state words for steps of a feed. A new feed is checked and prepared; its arrays are kept alive."""
        self._written = None
        if self._feed is None or self._feed[0] is not feed:
            self._feed = None
            ready = prepared_pass(feed, self._take_source(feed.source), self.program)
            self._take_pass(ready)
            self._feed = feed, ready
        check_steps(feed, self.program, first, steps)
        self._state[:, state.FIRST], self._state[:, state.STEP] = first, step_number

    def _take_source(self, source: Source) -> Source:
        """The prepared source, whose arrays the state words point to."""
        if self._source is None or self._source[0] is not source:
            self._source = None
            ready = prepared_source(source, self.program)
            words, images = self._state, ready.images
            words[:, state.IMAGES], words[:, state.SOURCE_STRIDE] = images.ctypes.data, _stride(images)
            words[:, state.LABELS] = 0 if ready.labels is None else ready.labels.ctypes.data
            words[:, state.MEAN], words[:, state.SCALE] = ready.mean.ctypes.data, ready.scale.ctypes.data
            words[:, state.SOURCE_BYTES] = images.itemsize
            words[:, state.SOURCE_HEIGHT], words[:, state.SOURCE_WIDTH] = images.shape[2:]
            words[:, state.WHITE] = np.float64(ready.white).view(np.int64)
            self._source = source, ready
        return self._source[1]

    def _take_pass(self, feed: Pass) -> None:
        words, slots = self._state, feed.order if feed.slots is None else feed.slots
        words[:, state.TOTAL], words[:, state.EPOCH] = len(feed.order), feed.epoch
        words[:, state.SEED] = _signed(feed.seed)
        words[:, state.ORDER], words[:, state.SLOTS] = feed.order.ctypes.data, slots.ctypes.data
        words[:, state.CROP], words[:, state.CROP_PAD] = CROPS[feed.crop], feed.pad

    def _take_scalars(self, rates: Rates, steps: int) -> None:
        """Points the state words to the scalars of each step, and keeps these alive."""
        if rates.shape != (steps, self._columns):
            raise CompilerBug(f"rates of shape {rates.shape}, where {steps} steps take {self._columns} numbers each")
        self._rates = np.ascontiguousarray(rates, np.float64)
        self._state[:, state.SCALARS] = self._rates.ctypes.data

    def _call(self, launches: LaunchTable, steps: int) -> Array:
        metrics = self._reported(steps)
        metrics.fill(0)
        self._launch(launches, steps)
        return metrics.copy()

    def _launch(self, launches: LaunchTable, steps: int) -> None:
        if launches.rows == 0:  # no row, so no barrier at the end of the job
            return
        control = self.team.control
        control[driver.ROWS], control[driver.ROW_COUNT], control[driver.STEPS] = launches.address, launches.rows, steps
        self.team.run()

    def _reported(self, steps: int) -> Array:
        """The array that the state words name for the metrics of so many steps; that of one step is made once."""
        if steps != 1 or len(self._metrics) != 1:  # each of several steps moves the word on
            made, self._metrics = np.empty((steps, 2), np.float64), np.empty((0, 2))
            self._state[:, state.METRICS] = made.ctypes.data
            self._metrics = made  # at last: after an exception there is none
        return self._metrics

    def _describe(self) -> None:
        """Sets the words of the control block that are the same for every job."""
        control = self.team.control
        control[driver.ARENA], control[driver.STATES] = self.arena.ctypes.data, self._state.ctypes.data
        control[driver.BATCH], control[driver.LANES] = self.program.batch, self.program.group_images
        control[driver.SCALARS_BYTES] = 8 * self._columns


def _usual_job(program: Program) -> Job:
    """The job that a program is for: `step` with lanes of channels, else `run` to train and `outputs` to predict."""
    if program.layout == "channels":
        return "step"
    return "run" if program.updates else "outputs"


def _tasks(program: Program, job: Job) -> tuple[Task, ...]:
    """The tasks of one step of a job, in order."""
    gathering = () if job == "step" else _incoming_rows(program)
    collecting = collect_rows(program, _collected(program)) if job == "outputs" else ()
    after = tuple(map(row_task, (*report_rows(program), *collecting)))
    return (*map(row_task, gathering), *program_tasks(program), *after)


def _incoming_rows(program: Program) -> tuple[Row, ...]:
    return (*scalar_rows(program), *gather_rows(program))


def _collected(program: Program) -> tuple[Value, ...]:
    return tuple(value for value in program.outputs if value.batched)


def _allocate(floats: int) -> Array:
    """float32 zeros, aligned to a page and followed by another page, because tiles may read past the last row."""
    size_bytes = floats * FLOAT_BYTES + PAGE_BYTES
    if size_bytes > physical_bytes():
        raise _too_large(size_bytes)
    try:
        return zeros(size_bytes)[: floats * FLOAT_BYTES].view(np.float32)
    except MemoryError:
        raise _too_large(size_bytes) from None


def _too_large(size_bytes: int) -> DeviceError:
    return DeviceError(
        "E590",
        f"the program needs {size_bytes / 1e9:.2f} GB of memory, and this machine has {physical_bytes() / 1e9:.2f} GB",
        helps=("a smaller batch needs less: `--set train.batch=16`",),
    )


def physical_bytes() -> int:
    """Physical memory of this machine; 2**62 where it is unknown."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return 1 << 62


def _signed(seed: int) -> int:
    """The bits of a 64-bit seed as an int64."""
    return (seed + 2**63) % 2**64 - 2**63


def _stride(images: Array) -> int:
    """Stride of images, in numbers."""
    return images.strides[0] // images.itemsize
