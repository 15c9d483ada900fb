"""How a diagnostic is put together, and small words that all messages share."""

from __future__ import annotations

from collections.abc import Sequence

from netspec.diagnostics.message import Diagnostic, Label, Repair, Severity
from netspec.diagnostics.text import Span


def error(
    code: str,
    message: str,
    span: Span,
    label: str = "",
    *,
    secondary: tuple[Label, ...] = (),
    notes: tuple[str, ...] = (),
    helps: tuple[str, ...] = (),
    repair: str | None = None,
) -> Diagnostic:
    """An error at `span`; `repair` is the code that would stand there instead."""
    mended = None if repair is None else Repair(span, repair)
    return Diagnostic(code, Severity.ERROR, message, Label(span, label), secondary, notes, helps, mended)


def warning(
    code: str,
    message: str,
    span: Span,
    label: str = "",
    *,
    secondary: tuple[Label, ...] = (),
    notes: tuple[str, ...] = (),
    helps: tuple[str, ...] = (),
) -> Diagnostic:
    """A warning at `span`."""
    return Diagnostic(code, Severity.WARNING, message, Label(span, label), secondary, notes, helps)


def code(text: str) -> str:
    """In backticks, shortened where it is too long to read."""
    return f"`{text if len(text) <= 40 else text[:37] + '...'}`"


def either(words: Sequence[str]) -> str:
    """`a`, `b` or `c`"""
    quoted = [code(word) for word in words]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"


def article(noun: str) -> str:
    """`a conv`, `an input`"""
    return f"{'an' if noun[:1] in 'aeiou' else 'a'} {noun}"


def many(count: int, noun: str) -> str:
    """`1 branch`, `2 branches`, `3 layers`"""
    plural = f"{noun}es" if noun.endswith(("ch", "s", "x")) else f"{noun}s"
    return f"{count:,} {noun if count == 1 else plural}"


def size(sizes: Sequence[int]) -> str:
    """`3x32x32`"""
    return "x".join(str(int(extent)) for extent in sizes)
