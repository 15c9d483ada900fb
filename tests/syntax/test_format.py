"""Formatting a tree gives a text that means the same."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.diagnostics.text import Source, Span
from netspec.syntax.format import format_atom, format_network
from netspec.syntax.tokens import OPENERS, scan
from netspec.syntax.tree import (
    Argument,
    Atom,
    Binary,
    Body,
    Call,
    List,
    Name,
    Negative,
    Network,
    Number,
    Range,
    Size,
    Statement,
    Text,
)
from tests.syntax.samples import LECTURE, RESIDUAL, arguments, good, read, samples

SOURCE = Source("", "")
NOWHERE = Span(SOURCE, 0, 0)
INTEGERS = st.integers(0, 2**63 - 1)
REALS = st.floats(0, allow_nan=False, allow_infinity=False)

names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,5}", fullmatch=True).map(lambda text: Name(text, NOWHERE))
unsigned = (INTEGERS | REALS).map(lambda value: Number(value, NOWHERE))
numbers = unsigned | unsigned.map(lambda number: Number(-number.value, NOWHERE))
sizes = st.lists(INTEGERS, min_size=2, max_size=4).map(lambda values: Size(tuple(values), NOWHERE))
texts = st.text(alphabet=st.characters(exclude_characters='"\r\n\0'), max_size=8).map(lambda text: Text(text, NOWHERE))
ranges = st.tuples(REALS, REALS, st.booleans()).map(lambda r: Range(-r[0] if r[2] else r[0], r[1], NOWHERE))
lists = st.lists(unsigned | sizes | names | texts | ranges, min_size=2, max_size=4).map(
    lambda items: List(tuple(items), NOWHERE)
)


def _negative(operand: Atom) -> Atom:
    """What the parser makes of a minus: before a number without one, the negative number."""
    if isinstance(operand, Number) and not str(operand.value).startswith("-"):
        return Number(-operand.value, NOWHERE)
    return Negative(operand, NOWHERE)


def _combined(parts: st.SearchStrategy[Atom]) -> st.SearchStrategy[Atom]:
    operators = st.sampled_from(["+", "-", "*", "/", "//", "%"])
    binary = st.builds(Binary, operators, parts, parts, st.just(NOWHERE))
    return binary | parts.map(_negative)


expressions = st.recursive(numbers | names, _combined, max_leaves=8)


def _called(atoms: st.SearchStrategy[Atom]) -> st.SearchStrategy[Atom]:
    return st.builds(Call, names, st.lists(_argument(atoms), max_size=3).map(tuple), st.just(NOWHERE))


def _argument(atoms: st.SearchStrategy[Atom]) -> st.SearchStrategy[Argument]:
    return st.builds(Argument, st.none() | names, atoms, st.just(NOWHERE))


atoms = st.recursive(numbers | sizes | names | texts | ranges | lists | expressions, _called, max_leaves=6)
argument_lists = st.lists(_argument(atoms), max_size=4).map(tuple)


def _statement(inside: st.SearchStrategy[Statement]) -> st.SearchStrategy[Statement]:
    bodies = st.lists(st.lists(inside, max_size=3).map(lambda s: Body(tuple(s), NOWHERE)), min_size=1, max_size=3)
    return st.builds(Statement, names, argument_lists, bodies.map(tuple), argument_lists, st.just(NOWHERE))


simple = st.builds(Statement, names, argument_lists, st.just(()), st.just(()), st.just(NOWHERE))
statements = st.recursive(simple, _statement, max_leaves=6)
networks = st.lists(statements, max_size=4).map(lambda found: Network(tuple(found), SOURCE))


@given(networks)
def test_any_tree_comes_back_from_its_text(network: Network) -> None:
    assert good(format_network(network)) == network


@given(networks, st.randoms(use_true_random=False))
def test_blanks_newlines_and_remarks_inside_parentheses_change_nothing(network: Network, draw: Random) -> None:
    text, depth = "", 0
    for token in scan(format_network(network)):
        depth += (token.kind in OPENERS) - (token.kind == "RPAR")
        sign = token.kind == "MINUS" and not depth
        gap = draw.choice([" ", "  \t ", "\n", "\r\n", " # a remark (\n"]) if depth else "" if sign else " "
        text += token.text + gap
    assert good(text) == network


@given(networks)
def test_formatting_twice_changes_nothing(network: Network) -> None:
    text = format_network(network)
    assert format_network(good(text)) == text


@pytest.mark.parametrize("text", samples())
def test_formatted_specs_mean_the_same(text: str) -> None:
    assert good(format_network(good(text))) == good(text)


def test_the_layout_is_a_statement_a_line() -> None:
    assert format_network(good(LECTURE)) == (
        "net lecture(D=32, K=5, S=2) {\n"
        "    input 1 D D\n"
        "    conv 3 K pad=same nobias sigmoid\n"
        "    pool avg S\n"
        "    dense (D*D) nobias\n"
        "    dense 1 nobias\n"
        "}\n"
        "train {\n"
        "    loss binary_cross_entropy\n"
        "    sgd rate=0.5 decay=0.0001\n"
        "    batch 32\n"
        "    epochs 20\n"
        "}\n"
    )
    assert "    } {\n" in format_network(good(RESIDUAL))
    assert "    } relu as joined\n" in format_network(good(RESIDUAL))
    assert "    sum {\n        batchnorm\n    } {}\n" in format_network(good(RESIDUAL))


@pytest.mark.parametrize(
    ("written", "formatted"),
    [
        ("((a + b) * c)", "((a+b)*c)"),
        ("(a - (b - c))", "(a-(b-c))"),
        ("((a - b) - c)", "(a-b-c)"),
        ("(a * (b / c))", "(a*(b/c))"),
        ("(-(a + b))", "(-(a+b))"),
        ("(- -2)", "(--2)"),
        ("f( 1 ,k = 2 )", "f(1, k=2)"),
        ("1E3", "1000.0"),
        ("1..2", "1.0..2.0"),
        ("(5)", "5"),
        ("(30  60\n80)", "(30 60 80)"),
    ],
)
def test_an_argument_has_one_way_to_be_written(written: str, formatted: str) -> None:
    assert format_atom(arguments(written)[0].value) == formatted


def test_what_could_not_be_read_comes_out_as_it_was() -> None:
    network, _ = read("conv 3x3x relu\n")
    assert format_network(network) == "conv 3x3x relu\n"
