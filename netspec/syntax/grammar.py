"""The grammar as Lark compiles it: one pattern for all terminals, and the LALR(1) table. Built once a process."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lark import Lark
from lark.parsers.lalr_analysis import Shift

from netspec.resources import grammar_text
from netspec.syntax.build import Builder

STARTS = ("file", "argument")
END_OF_TEXT = "$END"


@dataclass(frozen=True, slots=True)
class Reduction:
    """Takes `size` values off the stack and puts `build` of them back, under the name of a rule.

    `build` is None where a rule only passes its one value on.
    """

    rule: str
    size: int
    build: Callable[[list[Any]], Any] | None


Table = dict[Any, dict[str, Any]]
"""state -> symbol -> the state after a shift, or the Reduction to make first"""


@dataclass(frozen=True)
class Grammar:
    """What reading a text needs."""

    terminals: re.Pattern[str]
    """each terminal a named group, in the order in which they are tried"""
    table: Table
    first: dict[str, Any]
    """start rule -> its first state"""


@lru_cache(maxsize=1)
def grammar() -> Grammar:
    """Compiles `grammars/netspec.lark` (0.03 s)."""
    lark = Lark(
        grammar_text(),
        parser="lalr",
        lexer="basic",
        start=list(STARTS),
        maybe_placeholders=False,
        transformer=Builder(),
    )
    conf = {start: _compiled(lark, start) for start in STARTS}
    table = _table(conf["file"].states, conf["file"].callbacks)
    for start in STARTS:
        table[conf[start].end_state][END_OF_TEXT] = conf[start].end_state
    return Grammar(
        terminals=_terminals(lark),
        table=table,
        first={start: conf[start].start_state for start in STARTS},
    )


def _compiled(lark: Any, start: str) -> Any:
    """Lark's table, the builders of its rules, and the first and last state of one start rule."""
    return lark.parse_interactive(start=start).parser_state.parse_conf


def _terminals(lark: Lark) -> re.Pattern[str]:
    """One pattern, in the order of Lark's basic lexer: priority, then width, then length of the pattern."""
    order = sorted(lark.terminals, key=lambda t: (-t.priority, -t.pattern.max_width, -len(t.pattern.value), t.name))
    return re.compile("|".join(f"(?P<{t.name}>{t.pattern.to_regexp()})" for t in order))


def _table(states: Any, callbacks: Any) -> Table:
    """Lark's table with its rules prepared for the loop of `automaton.py`."""
    rules = {rule: _reduction(rule, callbacks[rule]) for rule in callbacks}
    return {
        state: {symbol: arg if action is Shift else rules[arg] for symbol, (action, arg) in row.items()}
        for state, row in states.items()
    }


def _reduction(rule: Any, build: Callable[[list[Any]], Any]) -> Reduction:
    passes_on = rule.options.expand1 and len(rule.expansion) == 1 and rule.alias is None
    return Reduction(rule.origin.name, len(rule.expansion), None if passes_on else build)
