"""The grammar is LALR(1) without conflicts, and every rule of it has what builds its node."""

from __future__ import annotations

import logging

import lark
import pytest
from lark import Lark

from netspec.resources import grammar_text
from netspec.syntax.build import BUILDERS
from netspec.syntax.grammar import STARTS, Reduction, grammar


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
