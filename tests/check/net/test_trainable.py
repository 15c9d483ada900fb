"""What keeps a spec from being trained is an error of `check`, and of nothing that does not train."""

from __future__ import annotations

import pytest

from netspec.check.net.trainable import untrainable
from tests.check.reading_specs import codes_of, codes_of_check, examined

NET = "net n {{ input 1x8x8; {} }}\n{}\n"
FOR_TRAINING = [
    ("dense 6; batchnorm; dense 10", "data digits\ntrain { batch 1 }", "E410"),
    ("dense 6; batchnorm; dense 10", "data digits take=1", "E410"),
    ("dense 10", "data digits classes=(0 1 2)", "E407"),
    ("dense 10", "data digits classes=7", "E407"),
    ("dense 1", 'data "mine" classes=(cat)', "E407"),
]


@pytest.mark.parametrize(("body", "rest", "code"), FOR_TRAINING)
def test_it_is_found_where_the_spec_is_to_be_trained_alone(body: str, rest: str, code: str) -> None:
    text = NET.format(body, rest)
    assert codes_of(text) == []
    assert [found.code for found in untrainable(examined(text)[0])] == [code]


def test_it_is_told_beside_other_mistakes_in_the_order_of_the_text() -> None:
    text = NET.format(
        "dense 6; batchnorm; dense 10", "data digits classes=(0 1) take=90000\ntrain { batch 1; epochs 0 }"
    )
    assert codes_of_check(text) == ["E407", "E517", "E410", "E206"]


def test_a_net_with_mistakes_is_not_judged_and_its_data_are() -> None:
    text = NET.format("dense 6; batchnrm; dense 10", "data digits classes=5\ntrain { batch 1 }")
    assert codes_of_check(text) == ["E201", "E407"]


def test_more_classes_than_outputs_are_a_mistake_in_every_use() -> None:
    assert codes_of(NET.format("dense 3", "data digits classes=(0 1 2 3)")) == ["E407"]
