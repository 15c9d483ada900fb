"""What `check` says of a built-in set before it is opened is what reading the set comes to."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from netspec.check.recipe.known_fit import training_needs
from netspec.data.fit import check_fit
from netspec.data.load import load
from netspec.diagnostics.failure import DataError
from netspec.ir.recipe import Experiment
from netspec.train.step.preparation import crop_pad
from tests.check.reading_specs import codes_of, examined
from tests.data.samples import datasets

OF_DATA = {*(f"E51{k}" for k in range(3, 10)), "E549"}
SIDES = st.sampled_from([(8, 8), (4, 6), (12, 12), (1, 1)])
LOSSES = st.sampled_from(["cross_entropy", "binary_cross_entropy", "squared_error", "hinge"])


def outcome(experiment: Experiment) -> str | None:
    """The code that reading the data comes to; None where they fit."""
    assert experiment.data is not None
    try:
        dataset = load(
            experiment.data,
            data_dir=datasets(),
            shape=experiment.graph.inputs[0].shape,
            crop_pad=crop_pad(experiment),
        )
        check_fit(dataset, experiment.graph, experiment.train.loss)
    except DataError as error:
        return error.code
    return None


@st.composite
def specs(draw: st.DrawFn) -> str:
    """A net on a set that is quickly made or read, with options that may not fit."""
    source = draw(st.sampled_from(["digits", "shapes", "spirals", "circles"]))
    size = draw(SIDES)
    image = draw(st.sampled_from([f"{channels}x{size[0]}x{size[1]}" for channels in (1, 2, 3)] + ["2", "64"]))
    options = [draw(st.sampled_from(["", *choices])) for choices in _choices(source)]
    augment = draw(st.sampled_from(["", f"augment {{ crop {size[0]}x{size[1]} pad={draw(st.integers(0, 3))} }}\n"]))
    net = f"net n {{ input {image}; dense {draw(st.sampled_from([1, 2, 3, 6, 10]))} }}\n"
    return f"{net}data {source} {' '.join(options)}\n{augment}train {{ loss {draw(LOSSES)} }}\n"


def _choices(source: str) -> list[list[str]]:
    shared = [
        ["classes=(0 1)", "classes=(1 5 9)", "classes=(outer 0)", 'classes=("1" 1)'],
        ["validate=0.001", "validate=0.5"],
        ["take=2", "take=60"],
    ]
    shared += [["resize=8x8", "resize=4x6", "resize=1x1"], ["take_test=1", "take_test=3", "take_test=400"]]
    if source == "digits":
        return shared
    made = [*shared, ["count=1", "count=5", "count=50"]]
    return [*made, ["size=8x8", "size=4x6"], ["channels=1", "channels=2"]] if source == "shapes" else made


@given(specs())
@example("net n { input 1x8x8; dense 5 }\ndata digits\n")
@example("net n { input 8x1x8; dense 10 }\ndata digits\n")
@example("net n { input 1x1x2; dense 2 }\ndata spirals\n")
def test_a_set_that_is_known_by_name_is_judged_as_if_it_were_read(text: str) -> None:
    experiment, report = examined(text)
    found = {diagnostic.code for diagnostic in report.diagnostics}
    if found - OF_DATA:  # the recipe has mistakes of its own
        return
    told = outcome(experiment)
    if told == "E518" and "take" in text:  # of which classes the seed takes images is not known
        return
    assert (told is None) == (not found)
    assert told is None or told in found


@pytest.mark.parametrize(
    ("data", "image", "code"),
    [
        ("mnist", "1x28x28", None),
        ("mnist classes=(3 8)", "1x28x28", None),
        ("mnist", "3x28x28", "E514"),
        ("mnist resize=32x32", "1x28x28", "E513"),
        ("mnist resize=32x32", "1x32x32", None),
        ("cifar10", "1x32x32", "E514"),
        ("cifar10 take=50001", "3x32x32", "E517"),
        ("mnist take_test=10001", "1x28x28", "E517"),
        ("mnist classes=(3 8) take_test=1985", "1x28x28", "E517"),
        ("mnist classes=(3 8) take_test=1984", "1x28x28", None),
    ],
)
def test_published_sets_are_judged_as_if_they_were_read(data: str, image: str, code: str | None) -> None:
    outputs = 2 if "classes" in data else 10
    experiment, report = examined(f"net n {{ input {image}; dense {outputs} }}\ndata {data}\n")
    assert [diagnostic.code for diagnostic in report.diagnostics] == ([code] if code else [])
    assert outcome(experiment) == code


@pytest.mark.parametrize("name", ["fashion_mnist", "cifar100"])
def test_sets_that_are_not_here_are_judged_too(name: str) -> None:
    assert codes_of(f"net n {{ input 2x8x8; dense 9 }}\ndata {name} take=70000\n") == ["E514", "E515", "E517"]


def test_data_from_outside_are_judged_as_those_of_the_file() -> None:
    assert codes_of("net n { input 1x8x8; dense 10 }\ndata digits\n", settings=("data=mnist",)) == ["E513"]
    assert codes_of("net n { input 1x8x8; dense 10 }\ndata digits\n", settings=("data.resize=9x9",)) == ["E513"]


def test_an_input_sized_by_a_parameter_is_settled_by_training_alone() -> None:
    net = "net n(D=32, K=10) {{ input {} D D; dense K }}\ndata {}\n"
    experiment, report = examined(net.format(1, "mnist"))
    assert not report.diagnostics
    assert training_needs(experiment) == "to train on `mnist` the input must be 1x28x28, as `--with D=28` makes it"
    assert training_needs(examined(net.format(1, "mnist"), with_values={"D": "28"})[0]) is None
    assert codes_of(net.format(3, "mnist")) == ["E514"]
    assert codes_of(net.replace("K=10", "K=9").format(1, "mnist")) == ["E515"]
