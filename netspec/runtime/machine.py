"""A program on a device, with its weights in memory: what training and prediction ask of it."""

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
    """The batched outputs of every image side by side, (N, elements of all) in the order of the feed, and the sums of
    loss and of correct answers over each minibatch, (steps, 2) float64, 0 where the program has none."""

    arrays: Array
    metrics: Array


class Machine(Protocol):
    """One caller at a time; every method returns when its work is done. `run` of n steps comes to the bits of n runs of
    one step, and of n walks: guard, replay and statistics depend on it."""

    @property
    def program(self) -> Program: ...

    def write(self, name: str, array: Array) -> None:
        """Stores a value by name: (N, *shape) with N up to the batch, or (*shape) of one without a batch axis."""
        ...

    def load(self, weights: Mapping[str, Array]) -> None:
        """Stores parameters and states of the graph that the program was planned for, by name, in the order in which
        the program keeps them. A program that predicts is given all of them at once."""
        ...

    def read(self, name: str, images: int | None = None) -> Array:
        """A copy of a value by name: (batch, *shape), of the first so many `images` if told, or (*shape) of one without
        a batch axis."""
        ...

    def initialize(self, kept: Sequence[Parameter | State], seed: int) -> None:
        """Gives parameters and states the initial values that `ir/initialize.py` defines."""
        ...

    def run(self, feed: Pass, *, first: int, step_number: int, rates: Rates) -> Array:
        """Runs a minibatch of the feed for each row of `rates` and returns (steps, 2) float64: the sums over each
        minibatch's images of the loss and of the correct answers.

        `first` is the place in the feed's order where the first minibatch begins, `step_number` counts steps since
        training began (Dropout draws by it). `rates` (steps, n) has a column for each of the program's `scalars`.
        """
        ...

    def walk(self, feed: Pass, *, first: int, step_number: int, rates: Rates, watch: Callable[[Launch], None]) -> Array:
        """Takes one step as `run` does, but launch by launch; `rates` is (1, n), and it returns (1, 2) as `run` does.

        `watch` is called behind each, when what it has just written can be read; later ones may write over it.
        """
        ...

    def outputs(self, feed: Pass) -> Outputs:
        """Runs all images of the feed through a program without updates and collects its batched outputs."""
        ...
