"""The grammar is LALR(1) without conflicts, and every rule of it has what builds its node."""

from __future__ import annotations

import logging
import subprocess
import sys

import lark
import pytest
from lark import Lark

from netspec.resources import grammar_text
from netspec.syntax import grammar as module
from netspec.syntax.build import BUILDERS
from netspec.syntax.compile_grammar import STARTS
from netspec.syntax.grammar import Reduction, grammar


def test_the_grammar_has_no_conflicts(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lark.logger, "propagate", True)
    with caplog.at_level(logging.DEBUG, logger=lark.logger.name):
        Lark(grammar_text(), parser="lalr", lexer="basic", start=list(STARTS), debug=True)
    assert [record.message for record in caplog.records if "onflict" in record.message] == []
    with caplog.at_level(logging.DEBUG, logger=lark.logger.name):
        Lark("start: start start | B\nB: /b/", parser="lalr", lexer="basic", debug=True)
    assert any("onflict" in record.message for record in caplog.records), "a conflict would not be seen"


def test_every_builder_is_used() -> None:
    actions = [action for row in grammar().table.values() for action in row.values()]
    used = {action.build for action in actions if isinstance(action, Reduction) and action.build is not None}
    assert used == set(BUILDERS.values())


def test_the_grammar_is_built_once() -> None:
    assert grammar() is grammar()


def test_reading_a_spec_does_not_import_lark() -> None:
    code = "import sys; from netspec.syntax.grammar import grammar; grammar(); assert 'lark' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_edited_grammar_says_how_to_compile_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "grammar_text", lambda: grammar_text() + "\n")
    with pytest.raises(RuntimeError, match=r"run `python -m netspec\.syntax\.compile_grammar`"):
        grammar.__wrapped__()
