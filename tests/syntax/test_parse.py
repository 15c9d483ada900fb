"""The language as it is written down: what every text means, and that any text can be read."""

from __future__ import annotations

import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.diagnostics.message import Report
from netspec.diagnostics.render import as_json, render
from netspec.diagnostics.text import Source, Span
from netspec.syntax.format import format_network
from netspec.syntax.mistakes import REPORT_LIMIT
from netspec.syntax.parse import SIZE_LIMIT_BYTES, parse, parse_argument
from netspec.syntax.tree import (
    Argument,
    Binary,
    Broken,
    Call,
    List,
    Name,
    Negative,
    Number,
    Range,
    Size,
    Statement,
    Text,
)
from tests.profiles import thorough
from tests.syntax.samples import arguments, codes, good, only, read, samples, statement

NOWHERE = Span(Source("", ""), 0, 0)


def values(text: str) -> list[object]:
    return [argument.value for argument in arguments(text)]


def number(value: float) -> Number:
    return Number(value, NOWHERE)


def name(text: str) -> Name:
    return Name(text, NOWHERE)


# --- lexical rules -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing but a remark", "\ufeff", ";;\n;", "   \t"])
def test_an_empty_text_has_no_statements(text: str) -> None:
    assert good(text).statements == ()


@pytest.mark.parametrize("text", ["a\nb", "a; b", "a;b\n", "\ufeffa\nb", "a\r\nb\r\n", "a # one\nb # two", "\n;a;\n;b"])
def test_statements_end_at_a_newline_or_semicolon(text: str) -> None:
    assert [found.name.text for found in good(text).statements] == ["a", "b"]


def test_a_newline_inside_parentheses_does_not_count() -> None:
    text = "a (30\n60  # a remark\n80) f(1,\r\n2)\nb"
    first, second = good(text).statements
    assert first.arguments[0].value == List((number(30), number(60), number(80)), NOWHERE)
    assert second.name.text == "b"


@pytest.mark.parametrize("text", ["a {b} {c} d", "a {\nb\n} {\nc\n} d", "a\n{\nb }\n\n{ c\n} d"])
def test_bodies_may_share_a_line_and_may_stand_on_their_own(text: str) -> None:
    found = statement(text)
    assert [[inner.name.text for inner in body.statements] for body in found.bodies] == [["b"], ["c"]]
    assert found.trailing == (Argument(None, name("d"), NOWHERE),)


def test_numbers_keep_their_kind() -> None:
    assert values("12 0.5 5e-4 1e3 2.5E+2 -3 -0.5 007") == list(
        map(number, [12, 0.5, 5e-4, 1000.0, 250.0, -3, -0.5, 7])
    )
    assert [type(argument.value.value) for argument in arguments("3 3.0 -3 3e0")] == [int, float, int, float]  # type: ignore[union-attr]


def test_sizes_strings_names_and_ranges_are_one_word() -> None:
    assert values('1x28x28 5x5 "a b#;{" relu 0.9..1.1 -10..10 1..2 1e-3..0.5') == [
        Size((1, 28, 28), NOWHERE),
        Size((5, 5), NOWHERE),
        Text("a b#;{", NOWHERE),
        name("relu"),
        Range(0.9, 1.1, NOWHERE),
        Range(-10.0, 10.0, NOWHERE),
        Range(1.0, 2.0, NOWHERE),
        Range(0.001, 0.5, NOWHERE),
    ]


def test_a_parenthesis_that_touches_a_name_opens_its_list() -> None:
    assert values("normal(0.01) f() f (2)") == [
        Call(name("normal"), (Argument(None, number(0.01), NOWHERE),), NOWHERE),
        Call(name("f"), (), NOWHERE),
        name("f"),
        number(2),
    ]


def test_a_name_with_a_list_is_the_same_statement_as_the_name_with_arguments() -> None:
    assert good("vgg(2, 64, k=3) relu") == good("vgg 2 64 k=3 relu")
    assert good("layer()") == good("layer")


def test_one_value_in_parentheses_is_that_value_and_several_are_a_list() -> None:
    assert values("(5) (3x3) (c) (-2) (1 c 3x3 0.5)") == [
        number(5),
        Size((3, 3), NOWHERE),
        name("c"),
        number(-2),
        List((number(1), name("c"), Size((3, 3), NOWHERE), number(0.5)), NOWHERE),
    ]


def test_texts_and_ranges_stand_in_parentheses_too() -> None:
    cat, first, rest = Text("cat", NOWHERE), Range(1.0, 26.0, NOWHERE), Range(-3.0, 4.5, NOWHERE)
    assert values('("cat") (1..26) ("cat" 1..26 -3..4.5 dog)') == [
        cat,
        first,
        List((cat, first, rest, name("dog")), NOWHERE),
    ]


def test_operators_bind_as_in_school_and_from_left_to_right() -> None:
    a, b, c = map(name, "abc")
    cases = {
        "(a + b*c)": Binary("+", a, Binary("*", b, c, NOWHERE), NOWHERE),
        "(a - b - c)": Binary("-", Binary("-", a, b, NOWHERE), c, NOWHERE),
        "(a / b // c)": Binary("//", Binary("/", a, b, NOWHERE), c, NOWHERE),
        "((a+b) % c)": Binary("%", Binary("+", a, b, NOWHERE), c, NOWHERE),
        "(-a*b)": Binary("*", Negative(a, NOWHERE), b, NOWHERE),
        "(-(a*b))": Negative(Binary("*", a, b, NOWHERE), NOWHERE),
        "(a -1)": Binary("-", a, number(1), NOWHERE),
        "(a - -1)": Binary("-", a, number(-1), NOWHERE),
    }
    assert [values(text) for text in cases] == [[value] for value in cases.values()]


def test_attributes_may_have_blanks_around_the_equals_sign() -> None:
    assert arguments("k = (2*C) pad=-1 init=normal(0.01)") == arguments("k=(2*C) pad = -1 init =normal(0.01)")
    assert statement("let K = (2*C)").arguments[0].key == name("K")


def test_every_node_knows_its_place() -> None:
    text = "vgg(2, k=3) (a + 1) { b -2 } relu"
    network = good(text)
    (found,) = network.statements
    assert found.span.text == text
    assert [argument.span.text for argument in found.arguments] == ["2", "k=3", "(a + 1)"]
    (body,) = found.bodies
    assert (body.span.text, body.statements[0].span.text) == ("{ b -2 }", "b -2")
    assert found.trailing[0].span.text == "relu"


@pytest.mark.parametrize("text", samples())
def test_the_bundled_specs_have_no_syntax_errors(text: str) -> None:
    assert good(text).statements
    assert good(text.replace("\n", "\r\n")) == good(text)


# --- limits ------------------------------------------------------------------------------------------------------


def test_a_text_of_128_kib_is_read_and_a_longer_one_is_not() -> None:
    assert codes("a\n" * (SIZE_LIMIT_BYTES // 2)) == []
    mistake = only("a\n" * (SIZE_LIMIT_BYTES // 2) + "b")
    assert (mistake.code, mistake.primary.span.start) == ("E112", 0)
    assert codes("# " + "é" * (SIZE_LIMIT_BYTES // 2)) == ["E112"]


def test_integers_reach_up_to_two_to_the_63rd() -> None:
    assert values(f"{2**63 - 1} {'0' * 9999}5") == [number(2**63 - 1), number(5)]
    assert codes(f"a {2**63}\nb {2**63}x1\nc -{2**63}\nd {'9' * 100_000}\ne 1e999\nf 1.0..1e999") == ["E111"] * 6
    assert read(f"a {2**63}")[0].statements[0].arguments[0].value == Broken(NOWHERE)


@pytest.mark.parametrize(("opening", "inside", "closing"), [("a {", "b", "}"), ("(", "1", ")"), ("f(", "1", ")")])
def test_brackets_are_nested_up_to_100_deep(opening: str, inside: str, closing: str) -> None:
    lead = "" if opening == "a {" else "a "
    assert codes(lead + opening * 100 + inside + closing * 100) == []
    assert codes(lead + opening * 101 + inside + closing * 101 + "\nb") == ["E113"]
    assert codes(lead + opening * 5000 + inside + closing * 5000 + "\n)") == ["E113", "E106"]


def test_braces_and_parentheses_count_together() -> None:
    assert codes("a {" * 60 + "b " + "(" * 40 + "1" + ")" * 40 + "}" * 60) == []
    assert codes("a {" * 60 + "b " + "(" * 41 + "1" + ")" * 41 + "}" * 60) == ["E113"]


@pytest.mark.parametrize("joint", ["+", "-", "*", " // ", "+(1)-", "+-"])
def test_an_expression_has_at_most_100_operators(joint: str) -> None:
    assert codes(f"a ({joint.join('1' * 30)})") == []
    assert codes(f"a ({joint.join('1' * 102)})\nb c") == ["E114"]
    assert codes(f"a {joint.join('1' * 102)}\nb c") == ["E114"]


def test_a_deep_tree_can_be_walked_in_a_small_stack() -> None:
    text = "a {" * 60 + "b " + "(" * 40 + "-" * 50 + "+".join("1" * 40) + ")" * 40 + "}" * 60
    limit = sys.getrecursionlimit()
    network = good(text)
    sys.setrecursionlimit(900)
    try:
        assert good(format_network(network)) == network
    finally:
        sys.setrecursionlimit(limit)


def test_a_text_with_more_than_20_syntax_errors_is_given_up() -> None:
    network, mistakes = read("net a { input 1 }\n" + "3x3\n" * REPORT_LIMIT)
    assert [mistake.code for mistake in mistakes] == ["E101"] * REPORT_LIMIT
    assert network.statements[0].name.text == "net"
    network, mistakes = read("net a { input 1 }\n" + "3x3\n" * 5000)
    assert [mistake.code for mistake in mistakes] == ["E101"] * REPORT_LIMIT + ["E116"]
    assert network.statements == ()


def test_a_binary_file_is_named_as_such() -> None:
    mistake = only("\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    assert (mistake.code, mistake.primary.span.start) == ("E117", 8)


LONG = {
    "arguments": "a ",
    "statements": "a;",
    "open parentheses": "(",
    "open lists": "f(",
    "open bodies": "a{",
    "lines with an open parenthesis": "a (\n",
    "closing braces": "}",
    "minus signs": "-",
    "quotes": "'",
    "open strings": '"\n',
    "points": ".",
    "digits": "9",
    "sizes": "1x",
    "letters": "é",
    "blanks": " ",
    "blanks that are none": "\xa0",
    "surrogates": "\ud800",
    "remarks": "// ",
    "attributes": "k=",
    "products": "2*",
    "calls": "f(1,2) ",
    "lists": "(1 2) ",
    "branches": "a {} {\n}\n",
}


@pytest.mark.parametrize("kind", LONG)
def test_the_longest_texts_are_read_in_linear_time(kind: str) -> None:
    piece = LONG[kind]
    text = piece * (SIZE_LIMIT_BYTES // len(piece.encode("utf-8", "surrogatepass")))
    start = time.perf_counter()
    network, mistakes = read(text)
    assert len(render(mistakes, colour=False)) < 100_000
    format_network(network)
    assert time.perf_counter() - start < 20  # a guard against a hang, generous on a busy machine


# --- any text ----------------------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [*"{}()=,;\n\"'#+-*/%.x", " ", "..", "//", "a", "net", "conv", "K", "f(", "k=", "3", "3x3", "0.5", "1e-3", "é", "×"]
)
MESS = st.lists(PIECES, max_size=60).map("".join) | st.text(max_size=200)


def holds_together(text: str) -> None:
    """Reads a text; every mistake has a place inside of it, and the tree and the messages can be printed."""
    network, mistakes = read(text)
    for mistake in mistakes:
        spans = [mistake.primary.span, *(label.span for label in mistake.secondary)]
        spans += [mistake.repair.span] if mistake.repair else []
        assert all(0 <= span.start <= span.end <= len(text) for span in spans)
        assert mistake.code.startswith("E1")
        assert mistake.message
    render(mistakes, colour=True).encode("utf-8")
    assert len(as_json(mistakes)["diagnostics"]) == len(mistakes)
    printed = format_network(network)
    if not mistakes:
        assert good(printed) == network


@thorough
@given(MESS)
def test_any_text_is_read_or_reported(text: str) -> None:
    holds_together(text)


@thorough
@given(st.data())
def test_any_change_of_a_spec_is_read_or_reported(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(samples()))
    for _ in range(data.draw(st.integers(1, 5))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 10)))
        text = text[:start] + data.draw(MESS if data.draw(st.booleans()) else PIECES) + text[end:]
    holds_together(text)


# --- arguments by themselves -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("0.1", None, number(0.1)),
        ("-1", None, number(-1)),
        ("rate=0.1", "rate", number(0.1)),
        ("train.sgd.rate = -0.1", "train.sgd.rate", number(-0.1)),
        ("step.at=(30 60)", "step.at", List((number(30), number(60)), NOWHERE)),
        ("(2*3)", None, Binary("*", number(2), number(3), NOWHERE)),
    ],
)
def test_an_argument_is_read_by_itself(text: str, key: str | None, value: object) -> None:
    report = Report()
    argument = parse_argument(Source("--set", text), report)
    assert not report.diagnostics
    assert argument is not None
    assert (argument.key and argument.key.text, argument.value) == (key, value)
    assert argument.span.text == text


@pytest.mark.parametrize(
    "text", ["", "a b", "x=", "{", "a.b.c", "2*c", "x=(1", "\0", "rate=0.1; b", "(((", "x=3x", "\n"]
)
def test_what_is_no_argument_is_reported(text: str) -> None:
    report = Report()
    assert parse_argument(Source("--set", text), report) is None
    assert report.failed


@given(MESS)
def test_any_text_is_an_argument_or_reported(text: str) -> None:
    report = Report()
    argument = parse_argument(Source("--set", text), report)
    assert (argument is None) == report.failed


def test_the_tree_holds_the_source_it_was_read_from() -> None:
    source = Source("a.net", "a")
    assert parse(source, Report()).source is source
    assert isinstance(good("a").statements[0], Statement)


def test_a_brace_that_closes_too_early_may_find_everything_closed() -> None:
    assert "E108" in codes("{\nn}\n }{")
