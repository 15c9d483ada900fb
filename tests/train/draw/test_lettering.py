"""Names in drawings: every name can be drawn, and none is a formula."""

import os

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from netspec.train.draw.curve import draw_curve
from netspec.train.draw.lettering import lettering
from netspec.train.draw.matrix import draw_matrix
from netspec.train.draw.plot import Curve, draw_curves
from tests.train.draw.test_curve import line


@given(st.text() | st.binary().map(os.fsdecode))
def test_a_name_is_drawn_letter_by_letter(name: str) -> None:
    drawn = lettering(name, most=10 * len(name))
    assert drawn.isprintable()
    assert drawn.count("$") == drawn.count(r"\$") == name.count("$")


@settings(max_examples=5)
@example("W" * 300)
@example("猫\U00013000")
@example("\0" * 8 + "$\\frac$\n\x1b")
@given(st.binary(max_size=8).map(os.fsdecode).map(lambda name: name + "$\\frac$\n\x1b"))
def test_every_drawing_takes_every_name(name: str) -> None:
    assert draw_curve(name, [line(1, 0.5)], None).startswith(b"\x89PNG")
    assert draw_curves([Curve(name, (line(1, 0.5),))], "epochs").startswith(b"\x89PNG")
    assert draw_matrix(name, [[1, 0], [0, 1]], (name, "b")).startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["cat", "größe", "a_b", "50 %"])
def test_ordinary_names_stand_as_they_are(name: str) -> None:
    assert lettering(name) == name
