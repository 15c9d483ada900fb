"""Protocol of a program on a device, with its weights in memory, as training and prediction use it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from numpy.typing import NDArray

from netspec.ir.graph import Parameter, State
from netspec.ir.program import Launch, Program
from netspec.runtime.feed import Pass, Rates

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Outputs:
    """`arrays` (N, elements of all batched outputs), in the order of the feed; `metrics` (steps, 2) float64, each
    minibatch's sums of losses and of correct answers, 0 where the program has none."""

    arrays: Array
    metrics: Array


class Machine(Protocol):
    """Values are zero until they are written. One caller at a time; every method returns when its work is done.

    `run` of n steps gives the same bits as n runs of one step and as n walks: guard, replay and statistics depend on
    it.
    """

    @property
    def program(self) -> Program: ...

    def write(self, name: str, array: Array) -> None:
        """Stores a value: (N, *shape) with N up to the batch, or (*shape) without a batch axis."""
        ...

    def load(self, weights: Mapping[str, Array]) -> None:
        """Stores parameters and states of the graph that the program was planned for, by name, in the program's layout.
        A program for prediction needs all of them in one call."""
        ...

    def read(self, name: str, images: int | None = None) -> Array:
        """A copy of a value: (batch, *shape), or (images, *shape) for the first `images`, or (*shape) without a batch
        axis."""
        ...

    def initialize(self, kept: Sequence[Parameter | State], seed: int) -> None:
        """Sets parameters and states to the initial values that `ir/initialize.py` defines."""
        ...

    def run(self, feed: Pass, *, first: int, step_number: int, rates: Rates) -> Array:
        """Runs one minibatch per row of `rates` and returns (steps, 2) float64: each minibatch's sums of losses and of
        correct answers.

        `first` is the index in the feed's order of the first minibatch. `step_number` is the number of the first step
        since training began; Dropout draws by it. `rates` (steps, n) has a column for each of the program's `scalars`.
        """
        ...

    def walk(self, feed: Pass, *, first: int, step_number: int, rates: Rates, watch: Callable[[Launch], None]) -> Array:
        """Runs one step launch by launch, to the bits of `run`; `rates` is (1, n), the result (1, 2).

        `watch` is called after each launch, when its outputs can be read; later launches may overwrite them.
        """
        ...

    def outputs(self, feed: Pass) -> Outputs:
        """Runs a program without updates on all images of the feed and collects its batched outputs."""
        ...

    def answering(self, mean: Array, scale: Array) -> Callable[[Array], Array] | None:
        """A function that gives the arrays of `outputs` for images (N, C, H, W) of the input's size, N up to the batch,
        which are normalised by these (C,), without what a feed costs; None where that is nothing."""
        ...
