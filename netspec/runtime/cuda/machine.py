"""A program on a GPU: its arena and state words there, and graphs of its calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from netspec.diagnostics.failure import CompilerBug
from netspec.ir.graph import Parameter, State, Value
from netspec.ir.initialize import draw
from netspec.runtime.cuda.binding import bound
from netspec.runtime.cuda.driver import Array, Driver, Graph
from netspec.runtime.cuda.memory import Region
from netspec.runtime.cuda.source import DeviceSource, signed
from netspec.runtime.feed import Pass, Rates, check_steps
from netspec.runtime.machine import Outputs
from netspec.schedule.cuda.initial import initial_call
from netspec.targets.cuda import state
from netspec.targets.cuda.program import Buffer, Call, Launch, Program

Job = Literal["step", "run", "outputs"]
"""Kind of a call. `step` runs the launches alone; `run` gathers minibatches first; `outputs` also collects outputs."""


class CudaMachine:
    """Runs `program` by `driver`. Weights and states stay in its arena between calls.

    With `constant` every kernel is compiled for its sizes; without, one kernel serves all sizes. One caller at a time.
    Raises DeviceError where memory of the device is too small.
    """

    def __init__(self, program: Program, driver: Driver, *, constant: bool = True) -> None:
        self.program, self.driver = program, driver
        self._constant = constant
        self._columns = len(program.scalars)
        self._arena, self._state = Region(driver, max(1, program.arena_bytes)), Region(driver, 8 * state.WORDS)
        self.arena = self._arena.address
        driver.clear(self.arena, program.arena_bytes)
        self._words = np.zeros(state.WORDS, np.int64)
        self._source = DeviceSource(program, driver)
        self._scalars, self._metrics, self._results = Region(driver), Region(driver), Region(driver)
        self._graphs: dict[tuple[Job, int], Graph] = {}
        self._pieces: dict[int, tuple[Graph, ...]] = {}

    def compile(self) -> None:
        """Compiles the kernels that the program is for: training by `run`, or collecting `outputs`."""
        self._graph("run" if self.program.updates else "outputs", self.program.batch)

    def write(self, name: str, array: Array) -> None:
        """Stores a value: (N, *shape) with N up to the batch, or (*shape) without a batch axis."""
        buffer = self.program.buffers[name]
        dtype, value = np.dtype(buffer.value.dtype), buffer.value
        if value.batched:
            whole = np.ascontiguousarray(array, dtype)
            if whole.shape[1:] != value.shape or len(whole) > self.program.batch:
                raise CompilerBug(f"`{name}` of shape {whole.shape} where the program has {value.shape}")
        else:
            whole = np.ascontiguousarray(np.broadcast_to(np.asarray(array, dtype), value.shape))
        self.driver.upload(self.arena + buffer.offset_bytes, whole)

    def load(self, weights: Mapping[str, Array]) -> None:
        """Stores parameters and states by name."""
        for name, array in weights.items():
            self.write(name, array)

    def read(self, name: str, images: int | None = None) -> Array:
        """A copy of a value: (batch, *shape), or (images, *shape) for the first `images`, or (*shape) without a batch
        axis."""
        buffer = self.program.buffers[name]
        value = buffer.value
        shape = (images or self.program.batch, *value.shape) if value.batched else value.shape
        array = np.empty(shape, value.dtype)
        self.driver.download(self.arena + buffer.offset_bytes, array)
        return array

    def initialize(self, kept: Sequence[Parameter | State], seed: int) -> None:
        """Sets parameters and states to the initial values that `ir/initialize.py` defines."""
        calls: list[Call[Buffer]] = []
        for each in kept:
            call = initial_call(each, self.program)
            if call is None:
                self.write(each.value.name, draw(each.initial, each.value.shape, each.value.name, seed))
            else:
                calls.append(call)
        if not calls:
            return
        words = self._words.copy()  # a pass that is taken keeps its seed
        words[state.SEED] = signed(seed)
        self.driver.upload(self._state.address, words)
        self.driver.launch(self._made(calls, self.program.batch), 1)

    def run(self, feed: Pass, *, first: int, step_number: int, rates: Rates) -> Array:
        """As in `Machine`."""
        self._take_scalars(rates, len(rates))
        return self._call("run", feed, first, len(rates), step_number)

    def walk(self, feed: Pass, *, first: int, step_number: int, rates: Rates, watch: Callable[[Launch], None]) -> Array:
        """As in `Machine`: a graph for the gathering, one for each launch, and one for the report."""
        self._take_scalars(rates, 1)
        ready = self._prepare(feed, first, 1, step_number)
        images = min(self.program.batch, len(ready.order) - first)
        self._source.bring(ready, first, images)
        gathering, *launches, reporting = self._launch_graphs(images)
        self.driver.launch(gathering, 1)
        for launch, graph in zip(self.program.launches, launches, strict=True):
            self.driver.launch(graph, 1)
            watch(launch)
        self.driver.launch(reporting, 1)
        return self._reported(1)

    def outputs(self, feed: Pass) -> Outputs:
        """As in `Machine`: runs a program without updates on all images of the feed."""
        total, elements = len(feed.order), sum(value.elements for value in _collected(self.program))
        results, steps = np.empty((total, elements), np.float32), -(-total // self.program.batch)
        self._words[state.RESULTS] = self._results.room(max(1, results.nbytes))
        metrics = self._call("outputs", feed, 0, steps, 0)
        if results.size:
            self.driver.download(self._results.address, results)
        return Outputs(results, metrics)

    def answering(self, mean: Array, scale: Array) -> None:
        """As in `Machine`: a feed costs nothing beside a call of a GPU."""

    def step(self, images: int, *, step_number: int = 0, seed: int = 0) -> Array:
        """Runs one step on inputs that `write` has stored for `images` images; returns (1, 2) as `run` does."""
        self._source.forget()
        self._words[state.SEED] = signed(seed)
        self._begin(0, step_number, 1)
        self.driver.launch(self._graph("step", images), 1)
        return self._reported(1)

    def close(self) -> None:
        """Gives all memory of the device back, as the end of this object does."""
        self._source.release()
        for region in (self._arena, self._state, self._scalars, self._metrics, self._results):
            region.release()

    def _call(self, job: Job, feed: Pass, first: int, steps: int, step_number: int) -> Array:
        """Steps of a job, piece by piece where images do not stay on the device."""
        if steps == 0:
            return np.zeros((0, 2), np.float64)
        ready = self._prepare(feed, first, steps, step_number)
        for piece in self._source.pieces(steps):
            self._launch(job, ready, first + piece.start * self.program.batch, len(piece))
        return self._reported(steps)

    def _launch(self, job: Job, ready: Pass, first: int, steps: int) -> None:
        """Steps of a job from an image on: as many full minibatches as there are, then the rest."""
        images = min(steps * self.program.batch, len(ready.order) - first)
        self._source.bring(ready, first, images)
        full, rest = divmod(images, self.program.batch)
        if full:
            self.driver.launch(self._graph(job, self.program.batch), full)
        if rest:
            self.driver.launch(self._graph(job, rest), 1)

    def _prepare(self, feed: Pass, first: int, steps: int, step_number: int) -> Pass:
        ready = self._source.take(feed, self._words)
        check_steps(ready, self.program, first, steps)
        self._begin(first, step_number, steps)
        return ready

    def _begin(self, first: int, step_number: int, steps: int) -> None:
        """Writes the state words of a call."""
        words = self._words
        words[state.FIRST], words[state.STEP], words[state.DONE] = first, step_number, 0
        words[state.METRICS] = self._metrics.store(np.zeros((steps, 2), np.float32))
        self.driver.upload(self._state.address, words)

    def _reported(self, steps: int) -> Array:
        metrics = np.empty((steps, 2), np.float32)
        self.driver.download(self._metrics.address, metrics)
        return metrics.astype(np.float64)

    def _take_scalars(self, rates: Rates, steps: int) -> None:
        if rates.shape != (steps, self._columns):
            raise CompilerBug(f"rates of shape {rates.shape}, where {steps} steps take {self._columns} numbers each")
        with np.errstate(over="ignore"):
            rounded = np.asarray(rates, np.float32)
        self._words[state.SCALARS] = self._scalars.store(rounded)

    def _graph(self, job: Job, images: int) -> Graph:
        """The graph of one step of a job on `images` images, made once."""
        if (job, images) not in self._graphs:
            self._graphs[job, images] = self._made(_calls(self.program, job), images)
        return self._graphs[job, images]

    def _launch_graphs(self, images: int) -> tuple[Graph, ...]:
        """Graphs of one step of `run`, made once: the gathering, each launch, the report."""
        if images not in self._pieces:
            program = self.program
            parts = (program.incoming.calls, *(launch.calls for launch in program.launches), program.outgoing)
            self._pieces[images] = tuple(self._made(part, images) for part in parts)
        return self._pieces[images]

    def _made(self, calls: Sequence[Call[Buffer]], images: int) -> Graph:
        given: dict[str, Any] = {"arena": self.arena, "state": self._state.address, "images": images}
        return self.driver.graph([bound(call, constant=self._constant, **given) for call in calls])


def _calls(program: Program, job: Job) -> tuple[Call[Buffer], ...]:
    """The calls of one step of a job, in order."""
    gathering = () if job == "step" else program.incoming.calls
    collecting = program.collecting if job == "outputs" else ()
    launches = (call for launch in program.launches for call in launch.calls)
    return (*gathering, *launches, *collecting, *program.outgoing)


def _collected(program: Program) -> tuple[Value, ...]:
    return tuple(value for value in program.outputs if value.batched)
