"""A forgotten parenthesis is put where the two can still hold what stands between them."""

from __future__ import annotations

import pytest

from tests.syntax.samples import mended, only


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("a (2*c 3x3 relu", "a (2*c) 3x3 relu"),
        ("a (-c 3x3", "a (-c 3x3)"),
        ("a (2*(c+1) relu", "a (2*(c+1)) relu"),
        ("a ((1+2)*3 b", "a ((1+2)*3) b"),
        ("a (30 60 80", "a (30 60 80)"),
        ("a at=(30 60 factor=0.1", "a at=(30 60) factor=0.1"),
        ("a f(1, k=2 b", "a f(1, k=2) b"),
        ("a f(1, (2*c), g(3) b", "a f(1, (2*c), g(3)) b"),
        ("net n(D=32, K=5 { a }", "net n(D=32, K=5) { a }"),
        ("a f( {}", "a f() {}"),
        ("a (1 2 # remark", "a (1 2) # remark"),
        ("a (2*c\nb", "a (2*c)\nb"),
    ],
)
def test_the_missing_parenthesis_is_put_behind_what_fits(text: str, meant: str) -> None:
    assert only(text).code == "E105"
    assert mended(text) == meant
