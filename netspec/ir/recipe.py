"""What a spec says besides its network: data, augmentation, training. All checked, defaults filled in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from netspec.diagnostics.text import Span
from netspec.ir.graph import Graph
from netspec.ir.operations import LossName

Number = int | float


@dataclass(frozen=True, slots=True)
class DataOptions:
    """A `data` statement. `source` is a built-in name, or a path (already joined to the spec's folder)."""

    source: str
    is_path: bool = False
    format: str | None = None  # idx, cifar, npz, npy, folder; None: told from the files
    labels: str | None = None  # path of a label file
    test: str | None = None  # path of test data
    test_labels: str | None = None
    validate: float = 0.0  # fraction held out of the training part, stratified, seeded
    normalize: Literal["standard", "unit", "none"] = "standard"
    classes: tuple[int | str, ...] = ()  # keep these, by number or name, renumbered in this order; empty: all
    take: int | None = None  # the first so many of the seeded order
    take_test: int | None = None  # of the test part the first so many of the seeded order
    resize: tuple[int, int] | None = None  # height, width
    axes: Literal["nchw", "nhwc"] | None = None  # of arrays of four axes; None: told from the shape
    black: float | None = None  # the numbers that stand for black and white; None: told from the files
    white: float | None = None
    extra: dict[str, Number | str] = field(default_factory=dict[str, "Number | str"])  # of generated sets: count, noise
    span: Span | None = None
    lines: dict[str, Span] = field(default_factory=dict[str, Span], compare=False)  # where each option's value stands
    measured: tuple[int | str, ...] = ()  # a trained net is measured on these alone, fewer than it has outputs
    unclear: bool = False  # there is a mistake, which is in the report, and other `classes` may be meant


@dataclass(frozen=True, slots=True)
class Transform:
    """One line of `augment`: its kind and its values by name (`crop`: height, width, pad)."""

    kind: str
    values: dict[str, Number | str | tuple[float, float]]
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Sgd:
    rate: float = 0.05
    momentum: float = 0.0
    decay: float = 0.0
    nesterov: bool = False


@dataclass(frozen=True, slots=True)
class Schedule:
    """`kind` is constant, step, exponential, cosine, onecycle or plateau; times count epochs."""

    kind: str = "constant"
    every: Number | None = None
    at: tuple[Number, ...] = ()
    factor: float = 0.1
    patience: int = 0
    warmup: Number = 0
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """A `train` block. `batch` None means the whole training part (`batch all`); `stop` None: no early stop."""

    loss: LossName = "cross_entropy"
    sgd: Sgd = Sgd()
    schedule: Schedule = Schedule()
    batch: int | None = 64
    epochs: int = 10
    stop_patience: int | None = None
    precision: Literal["float32", "tf32", "bf16"] = "float32"
    seed: int = 1
    span: Span | None = None
    lines: dict[str, Span] = field(default_factory=dict[str, Span])  # where each line stands, by its name


@dataclass(frozen=True, slots=True)
class Experiment:
    """A checked file with a net in it."""

    graph: Graph
    data: DataOptions | None
    augment: tuple[Transform, ...]
    train: TrainOptions


@dataclass(frozen=True, slots=True)
class Library:
    """A checked file without a net: `let`s and `block`s for others to use."""

    blocks: tuple[str, ...]
    lets: tuple[str, ...]
