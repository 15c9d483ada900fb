"""Traced nets carry closed forms in their own parameters."""

from __future__ import annotations

from netspec.ir.traced import Form, Traced, form_of, inexact_of
from tests.check.reading_specs import examined

LECTURE = """
net lecture(D=32, K=5, S=2) {
    input 1 D D
    repeat 3 { conv 3 K pad=same nobias sigmoid; pool avg S }
    dense 1 nobias
}
"""


def total(form: Form, names: dict[str, int]) -> float:
    """The value of a form for other parameters than it was traced with."""
    match form:
        case int():
            return form
        case str():
            return names[form]
        case (operator, left, right):
            a, b = total(left, names), total(right, names)
            return a + b if operator == "+" else a - b if operator == "-" else a * b if operator == "*" else a / b


def weights(with_values: dict[str, str] | None = None) -> int:
    experiment, _ = examined(LECTURE, with_values=with_values, traced=True)
    count: int = 0
    for parameter in experiment.graph.parameters:
        count = count + parameter.value.elements
    return count


def test_the_lectures_count_is_its_closed_form_for_every_size_that_divides() -> None:
    count = weights()
    assert count == 573
    assert isinstance(count, Traced)
    assert not count.inexact
    for d, k, s in ((32, 5, 2), (64, 3, 4), (16, 7, 1)):
        assert total(form_of(count), {"D": d, "K": k, "S": s}) == 21 * k**2 + 3 * d**2 / s**6


def test_a_size_that_does_not_divide_is_remembered() -> None:
    count = weights({"D": "28"})
    assert count == 552
    assert inexact_of(count)
