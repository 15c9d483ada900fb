"""Values of expressions, as lets show them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from netspec.check.expressions import evaluate
from netspec.check.scope import UNKNOWN, Evaluated, Module, Scope
from netspec.diagnostics.message import Report
from netspec.diagnostics.text import Source
from netspec.syntax.parse import parse_argument


def value(text: str, **lets: int) -> tuple[Evaluated, list[str]]:
    """The value of an atom and the codes it caused."""
    report = Report()
    argument = parse_argument(Source("<text>", text), report)
    assert argument is not None
    module = Module(lets=dict(lets))
    return evaluate(argument.value, Scope(report, module, {})), [d.code for d in report.diagnostics]


@given(
    st.recursive(
        st.integers(0, 9).map(str),
        lambda deeper: st.tuples(deeper, st.sampled_from("+-*"), deeper).map(" ".join).map("({})".format),
        max_leaves=8,
    )
)
def test_sums_and_products_are_those_of_python(text: str) -> None:
    assert value(f"({text})") == (eval(text), [])


def test_division_is_exact_or_an_error_and_two_slashes_round_down() -> None:
    assert value("(6/3)") == (2, [])
    assert value("(7//2)") == (3, [])
    assert value("(-7//2)") == (-4, [])
    assert value("(7%4)") == (3, [])
    assert value("(7/2)") == (UNKNOWN, ["E222"])
    assert value("(7/2.0)") == (3.5, [])


def test_dividing_by_zero_is_an_error_whatever_the_operator() -> None:
    assert [value(text)[1] for text in ("(1/0)", "(1//0)", "(1%0)", "(1.5/0)", "(1.5//0.0)")] == [["E223"]] * 5


def test_names_are_lets_and_unknown_ones_are_reported_with_the_nearest() -> None:
    assert value("(2*K)", K=4) == (8, [])
    assert value("(2*k)", K=4) == (UNKNOWN, ["E208"])


def test_names_that_are_joined_like_a_size_are_taken_apart() -> None:
    for text, meant in (("KxK", "K"), ("HxW", "H W"), ("HxWxK", "H W K")):
        report = Report()
        argument = parse_argument(Source("<text>", text), report)
        assert argument is not None
        evaluate(argument.value, Scope(report, Module(lets={"K": 5, "H": 3, "W": 4}), {}))
        assert report.diagnostics[0].helps == (f"did you mean `{meant}`?",)


def test_numbers_stay_below_two_to_the_63() -> None:
    assert value("(9223372036854775806 + 1)") == (2**63 - 1, [])
    assert value("(9223372036854775807 + 1)") == (UNKNOWN, ["E224"])
    assert value("(1e308 * 10)") == (UNKNOWN, ["E224"])


def test_a_size_is_a_value_but_nothing_to_compute_with() -> None:
    assert value("3x5") == ((3, 5), [])
    assert value("(-(K))", K=2) == (-2, [])
    assert value('"text"') == (UNKNOWN, ["E205"])


def test_an_unknown_value_makes_what_depends_on_it_unknown_without_a_second_error() -> None:
    assert value("(q + q*2 - 1)") == (UNKNOWN, ["E208", "E208"])
