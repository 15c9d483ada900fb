"""Every code that can be reported is explained, and every explained one can be reported."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from netspec.diagnostics.catalogue import codes, explain
from netspec.resources import PACKAGE

CODE = re.compile(r'["\[]([EW]\d{3})["\]]')


def used() -> dict[str, Path]:
    """Each code that stands in the source, and a file that holds it."""
    return {code: file for file in PACKAGE.rglob("*.py") for code in CODE.findall(file.read_text(encoding="utf-8"))}


def test_every_used_code_is_explained() -> None:
    missing = {code: file.relative_to(PACKAGE).as_posix() for code, file in used().items() if explain(code) is None}
    assert missing == {}


def test_every_explained_code_is_used() -> None:
    assert sorted(set(codes()) - set(used())) == []


def test_no_code_is_explained_twice() -> None:
    heads = [
        head
        for file in sorted((PACKAGE / "diagnostics").glob("codes_*.md"))
        for head in re.findall(r"^## ([EW]\d{3})", file.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert sorted(heads) == list(codes())


@pytest.mark.parametrize("code", codes())
def test_every_explanation_has_a_title_a_text_and_an_example(code: str) -> None:
    text = explain(code)
    assert text is not None
    head, _, rest = text.partition("\n")
    prose, *examples = re.split(r"^```\n", rest, flags=re.MULTILINE)
    assert re.fullmatch(rf"## {code}: \S.*[^.]", head)
    assert len(prose.split()) >= 8, f"{code} is not explained"
    assert examples, f"{code} has no example"


def test_codes_are_found_in_either_case() -> None:
    assert explain("e101") == explain(" E101 ") == explain("E101")
    assert explain("E101") is not None
    assert explain("E000") is None
    assert explain("") is None
