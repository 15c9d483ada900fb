"""The long form of every code, read from the `codes_*.md` files beside this module."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
SECTION = re.compile(r"^## ([EW][0-9]{3}): .+$", re.MULTILINE)


def explain(code: str) -> str | None:
    """The section of a code, in Markdown, from its heading on; None for an unknown one. Case does not matter."""
    return _sections().get(code.strip().upper())


def codes() -> tuple[str, ...]:
    """Every code that is explained, sorted."""
    return tuple(sorted(_sections()))


@lru_cache(maxsize=1)
def _sections() -> dict[str, str]:
    return {code: text for file in sorted(FOLDER.glob("codes_*.md")) for code, text in _split(file)}


def _split(file: Path) -> list[tuple[str, str]]:
    text = file.read_text(encoding="utf-8")
    heads = list(SECTION.finditer(text))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    return [(head[1], text[head.start() : end].strip() + "\n") for head, end in zip(heads, ends, strict=True)]
