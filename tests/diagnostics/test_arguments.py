"""An argument that is not of its kind is refused by name before the function runs."""

from pathlib import Path

import numpy as np
import pytest

from netspec.diagnostics.arguments import (
    BYTES,
    FLAG,
    PATH,
    SETTINGS,
    SPEC,
    STEPS_OR_TIME,
    THREADS,
    VALUES,
    Kind,
    accepts,
    optional,
    whole,
)
from netspec.diagnostics.failure import UsageError


def given(kind: Kind, value: object) -> object:
    """What a function gets for this argument."""

    @accepts(argument=kind)
    def function(argument: object) -> object:
        return argument

    return function(value)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (whole(1), np.int64(3), 3),
        (BYTES, 2e9, 2_000_000_000),
        (THREADS, None, None),
        (FLAG, False, False),
        (PATH, Path("a/b"), "a/b"),
        (SPEC, "net n {\0}", "net n {\0}"),
        (SETTINGS, (text for text in ["a=1", "b=2"]), ("a=1", "b=2")),
        (VALUES, {"D": np.float64(0.5), "N": 3, "name": "x"}, {"D": "0.5", "N": "3", "name": "x"}),
    ],
)
def test_what_is_of_the_kind_is_handed_on(kind: Kind, value: object, expected: object) -> None:
    found = given(kind, value)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        (THREADS, 0, "`argument` takes a whole number from 1 to 1,024, or None, not `0`"),
        (whole(1), True, "`argument` takes a whole number from 1, not `True`"),
        (whole(), float("nan"), "`argument` takes a whole number, not `nan`"),
        (BYTES, -1, "`argument` takes a number of bytes, not `-1`"),
        (FLAG, "yes", "`argument` takes True or False, not `'yes'`"),
        (PATH, b"x", "`argument` takes a path: text or a `Path`, not `b'x'`"),
        (optional(PATH), "a\0b", "`argument` takes a path: text or a `Path`, or None, not `'a\\x00b'`"),
        (PATH, object(), "`argument` takes a path: text or a `Path`, not an object of the type `object`"),
        (SETTINGS, ["a=1", 2], "`argument` takes a list of texts, not `['a=1', 2]`"),
        (VALUES, {1: 2}, "`argument` takes names with their numbers or texts, not `{1: 2}`"),
        (VALUES, {"D": object}, "`argument` takes names with their numbers or texts, not `{'D': <class 'object'>}`"),
    ],
)
def test_what_is_not_is_shown_beside_what_is_taken(kind: Kind, value: object, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        given(kind, value)
    assert (caught.value.code, caught.value.message) == ("E485", message)


def test_a_kind_that_is_often_mistaken_shows_a_value() -> None:
    with pytest.raises(UsageError, match=r"help: write `argument=timedelta\(minutes=2\)`"):
        given(STEPS_OR_TIME, "2m")


def test_a_long_value_is_shown_in_part() -> None:
    with pytest.raises(UsageError) as caught:
        given(FLAG, "x" * 5000)
    assert len(caught.value.message) < 100


def test_a_default_is_left_alone_and_so_is_an_argument_without_a_kind() -> None:
    @accepts(number=whole(1))
    def function(other: object, number: int = -1) -> tuple[object, int]:
        return other, number

    assert function("x") == ("x", -1)
    assert function.__name__ == "function"
