"""Every broken spec of `tests/errors` is told exactly what stands in it, at its line, in words worth reading.

A spec marks its wrong lines with `# expect: E203 E301`. Lines of its own say more:

    # set: train.epochs=many       a `--set`
    # with: D=64                   a `--with`
    # expect outside: E227         mistakes located in those, or in used files
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from netspec.diagnostics.render import render
from netspec.diagnostics.text import Source
from netspec.frontend import examine
from netspec.train.limits import report_limits
from tests.conftest import Golden

FOLDER = Path(__file__).parent.parent / "errors"
SPECS = sorted(FOLDER.glob("*.net"))


def marked(text: str, word: str) -> list[str]:
    """What stands after `# word:` on lines of their own."""
    return re.findall(rf"^# {word}: (.*)$", text, re.MULTILINE)


def expected(text: str) -> Counter[tuple[int, str]]:
    """Line and code of every mistake that the text marks; line 0 for those outside."""
    found = Counter[tuple[int, str]]()
    for number, line in enumerate(text.splitlines(), 1):
        for codes in re.findall(r"# expect: (.*)$", line):
            found.update((number, code) for code in codes.split())
    for codes in marked(text, "expect outside"):
        found.update((0, code) for code in codes.split())
    return found


def test_the_corpus_holds_at_least_sixty_specs() -> None:
    assert len(SPECS) >= 60


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_a_broken_spec_is_told_what_is_wrong_and_nothing_else(
    path: Path, golden: Golden, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(FOLDER)
    text = path.read_text(encoding="utf-8")
    source = Source(path.name, text)
    with_values = dict(setting.split("=", 1) for setting in marked(text, "with"))
    checked, report = examine(source, with_values=with_values, settings=marked(text, "set"))
    report_limits(checked, report)
    found = Counter((d.primary.span.line if d.primary.span.source is source else 0, d.code) for d in report.diagnostics)
    assert found == expected(text)
    golden(path.with_suffix(".txt"), render(report.sorted(), colour=False))
