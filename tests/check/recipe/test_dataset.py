"""The `data` statement: which classes it keeps, by number, range and name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.data.arrays import MOST_CLASSES
from netspec.diagnostics.text import Source
from netspec.frontend import check_experiment
from netspec.ir.recipe import DataOptions
from tests.check.reading_specs import codes_of, codes_of_check


def options(classes: str, *settings: str, before: str = "") -> DataOptions:
    text = f'{before}net n {{ input 1x8x8; dense 1 }}\ndata "mine" classes={classes}\ntrain {{ loss squared_error }}'
    data = check_experiment(Source("n.net", text), settings=settings).data
    assert data is not None
    return data


def codes(line: str, before: str = "") -> list[str]:
    """What is wrong with a `data` line, beside a net of one output that predicts a number."""
    return codes_of_check(f"{before}net n {{ input 1x8x8; dense 1 }}\n{line}\ntrain {{ loss squared_error }}")


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
    assert codes_of('net n { input 1x8x8; dense 3 }\ndata "mine" classes=(cat 4..5 dog)\n') == ["E407"]


WRONG_CLASSES = ("(0 1.5)", "(0 0)", "(0 zwei)", '(0 "0")', "(0..20)", "1x2", "(0 1 2..)", "=")


@pytest.mark.parametrize("outputs", [1, 2, 5, 10])
@pytest.mark.parametrize("wrong", [f"classes={one}" for one in WRONG_CLASSES] + ["clases=(0 1)", "labels=(0 1)"])
def test_classes_that_are_wrong_are_one_mistake_and_not_counted(wrong: str, outputs: int) -> None:
    net = f"net n {{ input 1x8x8; dense {outputs} }}\n"
    (code,) = codes_of_check(f"{net}data digits {wrong}\n")
    assert code not in ("E407", "E515")


@pytest.mark.parametrize("wrong", ["data.classes=(0 1.5)", "data.classes=(0 zwei)", "data.clases=(0 1)"])
def test_so_are_those_set_from_outside(wrong: str) -> None:
    (code,) = codes_of_check("net n { input 1x8x8; dense 2 }\ndata digits\n", settings=(wrong,))
    assert code not in ("E407", "E515")


def test_other_mistakes_of_the_line_leave_the_classes_counted() -> None:
    assert codes_of_check("net n { input 1x8x8; dense 2 }\ndata digits take=70000\n") == ["E515", "E517"]
