"""The compiled grammar that lies beside the grammar is the one that Lark makes of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from netspec.resources import compiled_grammar_text, grammar_text
from netspec.syntax import compile_grammar
from netspec.syntax.compile_grammar import compiled_grammar

RUN = "run `python -m netspec.syntax.compile_grammar`"


def test_the_compiled_grammar_is_that_of_the_text() -> None:
    assert json.loads(compiled_grammar_text()) == json.loads(json.dumps(compiled_grammar(grammar_text()))), RUN


def test_the_compiled_grammar_is_written_as_it_lies_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compile_grammar, "compiled_grammar_path", lambda: tmp_path / "netspec.json")
    compile_grammar.main()
    assert (tmp_path / "netspec.json").read_text(encoding="utf-8") == compiled_grammar_text(), RUN
