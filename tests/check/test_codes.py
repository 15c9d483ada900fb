"""The long form of every code of the checker shows a spec that has the mistake, and every code it reports has one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from netspec.diagnostics import catalogue
from netspec.diagnostics.text import Source
from netspec.frontend import examine
from netspec.train.limits import report_limits

CHECK = Path(__file__).parents[2] / "netspec" / "check"
REPORTED = sorted({code for file in CHECK.rglob("*.py") for code in re.findall(r'"([EW][0-9]{3})"', file.read_text())})
NEEDS_A_LONG_TEXT = {"E308"}


@pytest.mark.parametrize("code", REPORTED)
def test_every_code_is_explained_with_an_example_that_shows_it(code: str, tmp_path: Path) -> None:
    section = catalogue.explain(code)
    assert section is not None
    example = re.search(r"```\n(.*?)```", section, re.DOTALL)
    assert example is not None
    if code in NEEDS_A_LONG_TEXT:
        return
    path = tmp_path / "example.net"
    path.write_text(example[1], encoding="utf-8")
    settings = re.findall(r"^# set: (\S+)", example[1], re.MULTILINE)
    checked, report = examine(Source(str(path), example[1]), settings=settings)
    report_limits(checked, report)
    assert {diagnostic.code for diagnostic in report.diagnostics} == {code}
