"""`--set` and `--with`: what they change, and where their mistakes are shown."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.check.recipe.settings import apply_settings
from netspec.diagnostics.message import Report
from netspec.diagnostics.text import Source
from netspec.ir.recipe import Schedule, TrainOptions, Transform
from netspec.syntax.parse import parse
from tests.check.reading_specs import codes_of, examined

NET = "net n(D=8) {\n    input 1 D D\n    dense 10\n}\n"
TRAIN = (
    'data "x" labels="y" validate=0.1\ntrain {\n    sgd rate=0.5 nesterov momentum=0.9\n    schedule step every=3\n}\n'
)


NAMES = st.text(st.characters(exclude_characters="\0")) | st.binary().map(os.fsdecode).filter(
    lambda name: "\0" not in name
)


def train(*settings: str, text: str = NET + TRAIN) -> TrainOptions:
    experiment, report = examined(text, settings=settings)
    assert not report.failed, [d.message for d in report.diagnostics]
    return experiment.train


def test_a_setting_replaces_an_attribute_and_leaves_the_others() -> None:
    sgd = train("train.sgd.rate=0.1").sgd
    assert (sgd.rate, sgd.momentum, sgd.nesterov) == (0.1, 0.9, True)


def test_a_setting_makes_the_block_and_the_line_it_needs() -> None:
    options = train("train.sgd.momentum=0.5", "train.epochs=3", text=NET)
    assert (options.sgd.momentum, options.epochs) == (0.5, 3)


def test_flags_are_set_with_true_and_false() -> None:
    assert not train("train.sgd.nesterov=false").sgd.nesterov


def test_another_schedule_drops_the_attributes_of_the_old_one() -> None:
    schedule = train("train.schedule=cosine", "train.schedule.warmup=2").schedule
    assert (schedule.kind, schedule.every, schedule.warmup) == ("cosine", None, 2)
    assert train("train.batch=all").batch is None


def test_other_data_keep_what_means_the_same_for_all_sets() -> None:
    data = examined(NET + TRAIN, settings=("data=digits", "data.take=100"))[0].data
    assert data is not None
    assert (data.source, data.is_path, data.labels, data.validate, data.take) == ("digits", False, None, 0.1, 100)


def test_data_may_be_a_path_without_quotes() -> None:
    data = examined(NET, settings=("data=my/images.gz",))[0].data
    assert data is not None
    assert (data.source, data.is_path) == ("my/images.gz", True)


@given(NAMES)
def test_any_path_can_be_set_without_quotes(name: str) -> None:
    path = f"/{name}"
    places = ("data", "data.labels", "data.test", "data.test_labels")
    data = examined(NET, settings=tuple(f"{place}={path}" for place in places))[0].data
    assert data is not None
    assert data.is_path
    assert {data.source, data.labels, data.test, data.test_labels} == {path}


def test_a_path_in_quotes_is_what_stands_between_them() -> None:
    data = examined(NET, settings=('data="a b"', 'data.labels = "c"'))[0].data
    assert data is not None
    assert (data.source, data.labels) == ("a b", "c")


def test_a_transform_can_be_set() -> None:
    experiment, _ = examined(NET, settings=("augment.crop=8x8", "augment.crop.pad=1"))
    assert [(t.kind, t.values) for t in experiment.augment] == [("crop", {"height": 8, "width": 8, "pad": 1})]


@pytest.mark.parametrize(
    ("setting", "code"),
    [
        ("train.sgd.rat=0.1", "E202"),
        ("train.sdg.rate=0.1", "E227"),
        ("epochs=3", "E227"),
        ("net.conv1=3", "E227"),
        ("train.epochs=many", "E208"),
        ("train.epochs=0", "E206"),
        ("data.nothing=1", "E202"),
        ("0.1", "E227"),
    ],
)
def test_a_wrong_setting_is_located_in_itself(setting: str, code: str) -> None:
    _, report = examined(NET + TRAIN, settings=(setting,))
    assert [d.code for d in report.diagnostics] == [code]
    assert report.diagnostics[0].primary.span.source.name == f"--set {setting}"


def test_without_settings_the_tree_is_as_it_was() -> None:
    network = parse(Source("<text>", NET + TRAIN), Report())
    assert apply_settings(network, (), Report()) == network


def test_parameters_of_the_net_are_given_from_outside() -> None:
    experiment, _ = examined(NET, with_values={"D": "12"})
    assert experiment.graph.layers[0].output.shape == (1, 12, 12)
    assert experiment.graph.arguments == (("D", 12),)


@pytest.mark.parametrize(("name", "text", "code"), [("E", "3", "E226"), ("D", "x", "E208"), ("D", "0", "E206")])
def test_a_wrong_parameter_is_reported(name: str, text: str, code: str) -> None:
    _, report = examined(NET, with_values={name: text})
    assert [d.code for d in report.diagnostics] == [code]


def test_a_train_block_fills_in_its_defaults() -> None:
    assert train(text=NET) == TrainOptions()
    assert train(text=NET.replace("10", "1")).loss == "binary_cross_entropy"
    assert train().schedule == Schedule("step", every=3, span=train().schedule.span)


def test_transforms_are_read_in_order() -> None:
    text = NET + "augment { shift 2; scale 0.9..1.1; mirror vertical; distort alpha=8; crop 8x8 }"
    assert [Transform(t.kind, t.values) for t in examined(text)[0].augment] == [
        Transform("shift", {"pixels": 2}),
        Transform("scale", {"range": (0.9, 1.1)}),
        Transform("mirror", {"axis": "vertical"}),
        Transform("distort", {"alpha": 8, "sigma": 4.0}),
        Transform("crop", {"height": 8, "width": 8, "pad": 0}),
    ]


def test_a_wrong_line_silences_what_depends_on_it() -> None:
    assert codes_of(NET + "train { schedule step evry=3; loss crossentropy }") == ["E202", "E207"]
