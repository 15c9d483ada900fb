"""What is said about wrong names and values in expressions (E208, E222 to E224)."""

from __future__ import annotations

from netspec.check.words.phrases import code, either, error
from netspec.diagnostics.message import Diagnostic
from netspec.diagnostics.text import Span


def unknown_name(name: str, span: Span, near: tuple[str, ...]) -> Diagnostic:
    outside = span.source.name.startswith("--")
    advice = "give a number" if outside else f"write `let {name[:40]} = …` at the top of the file, or a number"
    return error(
        "E208",
        f"unknown name {code(name)}",
        span,
        "neither a `let` nor a parameter",
        helps=(f"did you mean {either(near)}?",) if near else (advice,),
        repair=near[0] if len(near) == 1 else None,
    )


def not_a_number(found: str, span: Span) -> Diagnostic:
    return error("E205", f"expected a number, found {found}", span, "not a number")


def inexact(left: int, right: int, span: Span) -> Diagnostic:
    return error(
        "E222",
        f"`/` must divide exactly: {left} / {right} leaves {left % right}",
        span,
        f"between {left // right} and {left // right + 1}",
        helps=(f"`//` rounds down to {left // right}",),
    )


def division_by_zero(span: Span) -> Diagnostic:
    return error("E223", "division by zero", span, "the divisor is 0")


def too_large(span: Span) -> Diagnostic:
    return error(
        "E224",
        "number out of range",
        span,
        "too large to be computed",
        notes=("whole numbers lie below 2^63 = 9,223,372,036,854,775,808, reals below 1.8e308",),
    )


def arithmetic_with(found: str, operator: str, span: Span) -> Diagnostic:
    return error("E205", f"`{operator}` needs numbers, found {found}", span, "not a number")
