"""Every number of a recipe at its extremes: a spec is refused, or schedules, counts and plans are made of it."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from contextlib import suppress

from hypothesis import example, given
from hypothesis import strategies as st

from netspec.check.vocabulary.kinds import (
    Classes,
    Entry,
    Extent,
    Interval,
    Kind,
    Real,
    Series,
    Start,
    Switch,
    Whole,
    Word,
)
from netspec.check.vocabulary.tables import AUGMENT, DATA, LAYERS, SCHEDULES, TRAIN
from netspec.compiler import training_program
from netspec.counting.table import count
from netspec.data.load import load
from netspec.diagnostics.failure import DataError, NetspecError
from netspec.diagnostics.text import Source
from netspec.frontend import examine
from netspec.ir.augmentation import augmentation, smoothing_weights
from netspec.ir.recipe import Experiment
from netspec.targets.cpu.processor import AVX512
from netspec.train.step.preparation import crop_pad
from netspec.train.step.schedules import Moment, rate_at
from tests.profiles import thorough

REALS = ("0", "1e-320", "1e-308", "1e-40", "0.5", "0.9999999999999999", "1", "180", "3.4e38", "1e200", "1.7e308")
WHOLES = ("0", "1", "2", "3", "64", "1000003", "2147483647", "4294967296", "9223372036854775807")
RANGES = ("1e-320..1.0", "1e-38..3.4e38", "3.4e38..3.4e38", "0.5..1e300")
IMAGES = {"digits": "1x8x8", "shapes": "1x8x8", "spirals": "2", "circles": "2"}
STRUCTURE = ("input", "sum", "concat", "use", "repeat")


def values(kind: Kind) -> tuple[str, ...]:
    """What may be written for a number at its ends, and words beside it; nothing for what is no number."""
    match kind:
        case Whole():
            return (*WHOLES, *kind.words)
        case Real():
            return (*REALS, *WHOLES[:3])
        case Extent():
            return (*WHOLES, f"1x{WHOLES[-1]}", f"{WHOLES[-1]}x2", *kind.words)
        case Series():
            return (*(f"({one})" for one in (*REALS, *WHOLES)), f"(1 {WHOLES[-1]})")
        case Classes():
            return (*(f"({one})" for one in WHOLES), f"(1 {WHOLES[-1]})", "0..1", f"1..{WHOLES[-1]}", '(1 "1" cat)')
        case Start():
            return tuple(f"{name}({one})" for name in ("normal", "uniform") for one in REALS)
        case Interval():
            return RANGES
        case Word():
            return kind.words
        case _:
            return ()


USUAL: dict[type[Kind], str] = {
    Whole: "2",
    Real: "0.5",
    Extent: "3x3",
    Series: "(1)",
    Classes: "(0 1)",
    Interval: "0.5..1.5",
}


def written(draw: st.DrawFn, kind: Kind) -> str:
    """A value of this kind, every second time a usual one."""
    usual = USUAL.get(type(kind))
    return usual if usual and draw(st.booleans()) else draw(st.sampled_from(values(kind)))


@st.composite
def lines(draw: st.DrawFn, entry: Entry) -> str:
    """A statement of this entry with some of its attributes."""
    words = [entry.name, *(written(draw, slot.kind) for slot in entry.positional)]
    for slot in entry.attributes:
        if isinstance(slot.kind, Switch):
            words += [slot.name] if draw(st.booleans()) else []
        elif values(slot.kind) and draw(st.integers(0, 2)) == 0:
            words.append(f"{slot.name}={written(draw, slot.kind)}")
    return " ".join(words)


def one_of(entries: Mapping[str, Entry], without: tuple[str, ...] = ()) -> st.SearchStrategy[str]:
    return st.sampled_from([entries[name] for name in sorted(entries) if name not in without]).flatmap(lines)


def plain(data: str = "digits", train: str = "", augment: str = "", layer: str = "") -> str:
    """A spec that is right but for what is given."""
    image = IMAGES[data.split()[0]]
    return f"net n {{ input {image}; {layer}; dense 10 }}\ndata {data}\ntrain {{ {train} }}\naugment {{ {augment} }}\n"


@st.composite
def specs(draw: st.DrawFn) -> str:
    """A spec of which one part has numbers at the ends of what can be written."""
    schedule = one_of(SCHEDULES).map(lambda line: f"schedule {line}")
    rate = st.sampled_from(REALS).map(lambda number: f"; sgd rate={number}")
    part = draw(st.integers(0, 4))
    if part == 0:
        return plain(train=draw(schedule) + draw(rate))
    if part == 1:
        return plain(train=draw(one_of(TRAIN, without=("schedule",))))
    if part == 2:
        return plain(augment=draw(one_of(AUGMENT)))
    if part == 3:
        return plain(data=draw(one_of(DATA, without=("PATH", "mnist", "fashion_mnist", "cifar10", "cifar100"))))
    return plain(layer=draw(one_of(LAYERS, without=STRUCTURE)))


def accepted(text: str) -> Experiment | None:
    """The experiment of a spec without mistakes."""
    checked, report = examine(Source("<text>", text))
    return checked if isinstance(checked, Experiment) and not report.failed else None


@thorough
@given(specs())
@example(plain(train="schedule step every=1e-308"))
@example(plain(train="schedule step every=1e-308 factor=1e200"))
@example(plain(train="sgd rate=0; schedule exponential factor=1e200"))
@example(plain(train="schedule step at=(1 2 3) factor=1.7e308; epochs 9223372036854775807"))
@example(plain(augment="distort sigma=1e-308"))
@example(plain(augment="distort sigma=3.4e38"))
def test_every_number_at_its_extremes_is_refused_or_has_a_learning_rate(text: str) -> None:
    experiment = accepted(text)
    if experiment is None:
        return
    recipe = experiment.train
    for begin in (0.0, 0.9, 1.0, 7.5, float(recipe.epochs - 1)):
        for reductions in (0, 1, 400, 2**53):
            rate = rate_at(recipe.schedule, recipe.sgd.rate, Moment(begin, begin + 0.1, recipe.epochs, reductions))
            assert rate >= 0  # and a number
            assert rate == 0 or recipe.sgd.rate > 0
    augmenting = augmentation(experiment.augment)
    if augmenting is not None:
        assert all(math.isfinite(weight) for weight in smoothing_weights(augmenting.smoothness, 8))


@given(specs())
@example(plain(train="batch 2147483647"))
@example(plain(augment="distort sigma=3.4e38"))
@example(plain(layer="lrn size=9223372036854775807 alpha=3.4e38"))
@example(plain(data="spirals noise=1e38 count=8"))
@example(plain(data="shapes resize=4294967296 count=8"))
def test_every_number_at_its_extremes_is_counted_planned_and_read(text: str) -> None:
    experiment = accepted(text)
    if experiment is None:
        return
    count(experiment.graph)
    with suppress(NetspecError):  # a limit of the machine
        training_program(experiment, AVX512)
    data = experiment.data
    assert data is not None
    if int(data.extra.get("count", 0)) > 2000:
        return
    with warnings.catch_warnings(), suppress(DataError):  # of what the seed takes, nothing is held out
        warnings.simplefilter("error")
        load(data, shape=experiment.graph.inputs[0].shape, crop_pad=crop_pad(experiment))
