"""The `data` statement: which classes it keeps, by number, range and name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.data.arrays import MOST_CLASSES
from netspec.diagnostics.text import Source
from netspec.frontend import check_experiment, examine
from netspec.ir.recipe import DataOptions, Experiment


def options(classes: str, *settings: str, before: str = "") -> DataOptions:
    text = f'{before}net n {{ input 1x8x8; dense 1 }}\ndata "mine" classes={classes}\ntrain {{ loss squared_error }}'
    data = check_experiment(Source("n.net", text), settings=settings).data
    assert data is not None
    return data


def codes(line: str, before: str = "") -> list[str]:
    """What is wrong with a `data` line, beside a net of one output that predicts a number."""
    text = f"{before}net n {{ input 1x8x8; dense 1 }}\n{line}\ntrain {{ loss squared_error }}"
    _, report = examine(Source("n.net", text))
    return [found.code for found in report.sorted()]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("(3 8)", (3, 8)),
        ("0..3", (0, 1, 2, 3)),
        ("(1..3)", (1, 2, 3)),
        ("(7 1..3 0)", (7, 1, 2, 3, 0)),
        ("(cat dog)", ("cat", "dog")),
        ('("ankle boot" sandal 3)', ("ankle boot", "sandal", 3)),
        ('("3" 3)', ("3", 3)),
        ("(2 (1+4) )", None),
    ],
)
def test_classes_are_numbers_ranges_and_names(written: str, kept: tuple[int | str, ...] | None) -> None:
    if kept is None:
        assert codes(f'data "mine" classes={written}') == ["E101"]
    else:
        assert options(written).classes == kept


def test_classes_can_be_set_from_outside() -> None:
    assert options("(3 8)", "data.classes=1..4").classes == (1, 2, 3, 4)
    assert options("(3 8)", "data.classes=(cat dog)").classes == ("cat", "dog")


def test_a_bare_word_is_a_let_where_there_is_one_and_a_text_is_always_a_name() -> None:
    assert options("(cat dog)", before="let cat = 5\n").classes == (5, "dog")
    assert options('("cat" dog)', before="let cat = 5\nlet other = cat\n").classes == ("cat", "dog")


@pytest.mark.parametrize(
    ("classes", "code"),
    [
        ("(1..3 2)", "E206"),
        ("(cat cat)", "E206"),
        ("3..1", "E206"),
        ("0.5..2", "E206"),
        ("-1..3", "E206"),
        (f"0..{MOST_CLASSES}", "E206"),
        ("0..9223372036854775807", "E206"),
        ("(1 9223372036854775807)", "E206"),
        ("(0.5 1)", "E205"),
        ("(1x2 1)", "E205"),
        ("5", "E407"),
        ("cat", "E407"),
        ("5..5", "E407"),
    ],
)
def test_what_names_no_classes_is_refused(classes: str, code: str) -> None:
    assert codes(f'data "mine" classes={classes}') == [code]


def test_the_last_number_of_a_class_is_the_last_label_that_is_read() -> None:
    assert len(options(f"0..{MOST_CLASSES - 1}").classes) == MOST_CLASSES


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 20)), min_size=2, max_size=8))
def test_a_range_means_all_of_its_numbers(pairs: list[tuple[int, int]]) -> None:
    wanted = [number for low, more in pairs for number in range(low, low + more + 1)]
    text = " ".join(f"{low}..{low + more}" for low, more in pairs)
    if len(set(wanted)) < len(wanted):
        assert codes(f'data "mine" classes=({text})') == ["E206"]
    else:
        assert options(f"({text})").classes == tuple(wanted)


def test_names_count_against_the_outputs_as_numbers_do() -> None:
    text = 'net n { input 1x8x8; dense 3 }\ndata "mine" classes=(cat 4..5 dog)\n'
    checked, report = examine(Source("n.net", text))
    assert isinstance(checked, Experiment)
    assert [found.code for found in report.diagnostics] == ["E407"]
