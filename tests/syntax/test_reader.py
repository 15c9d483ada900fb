"""Behind a token that cannot stand, reading goes on with as much as can be trusted."""

from __future__ import annotations

import pytest

from tests.syntax.samples import codes, only, read, understood


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("3x3 relu\nb", " 3x3\nb\n"),
        ("a pad=\nb", "a pad=\nb\n"),
        ("a pad= { c }\nb", "a pad= {\n    c\n}\nb\n"),
        ("{ a }\nb", " {\n    a\n}\nb\n"),
        ("a 1 = 2 { c }\nb", "a 1 = {\n    c\n}\nb\n"),
    ],
)
def test_a_broken_place_stays_in_the_tree(text: str, tree: str) -> None:
    assert len(codes(text)) == 1
    assert understood(text) == tree


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a f(1, 2 3, k=4) relu", ["1", "k=4"]),
        ("a f(1,, k=4) relu", ["1", "k=4"]),
        ("a f(=, k=4) relu", ["k=4"]),
        ("a f(1, (2*), k=4) relu", ["1", "k=4"]),
        ("a f(1, (2 2*c), k=4) relu", ["1", "k=4"]),
    ],
)
def test_one_broken_item_leaves_the_others_of_its_list(text: str, kept: list[str]) -> None:
    assert only(text).code == "E101"
    call, flag = read(text)[0].statements[0].arguments
    assert flag.span.text == "relu"
    arguments = call.value.arguments  # type: ignore[union-attr]
    assert [argument.span.text for argument in arguments if type(argument.value).__name__ != "Broken"] == kept


def test_a_broken_expression_is_unknown_as_a_whole() -> None:
    statement = read("a (1 + (2*) * 3) relu")[0].statements[0]
    assert [type(argument.value).__name__ for argument in statement.arguments] == ["Broken", "Name"]


def test_statements_behind_a_broken_one_on_the_same_line_are_read() -> None:
    assert codes("a = = ; b 3 = ; c { 4 } d") == ["E101", "E101", "E101"]
    assert [found.name.text for found in read("a (2*) ; b; c { d }; e")[0].statements] == ["a", "b", "c", "e"]


def test_a_row_of_bodies_without_statements_is_one_mistake() -> None:
    assert codes("{{{{{ a }}}}}\nb") == ["E115"]
