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
from netspec.syntax.build import BUILDERS

STARTS = ("file", "argument")
END_OF_TEXT = "$END"
LAST = "LAST"
"""group of the pattern that takes what is ignored at the end of a text"""


Build = Callable[[list[Any]], Any]


@dataclass(frozen=True, slots=True)
class Reduction:
    """Takes `size` values off the stack and puts one back, under the name of a rule.

    `kept` are the symbols that say something: their index, and whether their value is a list of values. `build` makes
    the one value of theirs. Without it a rule whose name begins with `_` gives the list, any other its only value.
    """

    rule: str
    size: int
    kept: tuple[tuple[int, bool], ...]
    build: Build | None

    def value(self, values: list[Any]) -> Any:
        """The value of the rule. The list of a rule is only ever used by one other, so it is extended in place."""
        if self.build is None and self.rule[0] != "_":
            return values[self.kept[0][0]]
        pieces: list[Any] | None = None
        for index, is_list in self.kept:
            if pieces is None:
                pieces = values[index] if is_list else [values[index]]
            elif is_list:
                pieces += values[index]
            else:
                pieces.append(values[index])
        return (pieces or []) if self.build is None else self.build(pieces or [])


Table = dict[Any, dict[str, Any]]
"""state -> symbol -> the state after a shift, or the Reduction to make first"""


@dataclass(frozen=True)
class Grammar:
    """What reading a text needs."""

    terminals: re.Pattern[str]
    """blanks and comments, then a terminal as a named group"""
    table: Table
    first: dict[str, Any]
    """start rule -> its first state"""


@lru_cache(maxsize=1)
def grammar() -> Grammar:
    """Compiles `grammars/netspec.lark` (0.03 s)."""
    lark = Lark(grammar_text(), parser="lalr", lexer="basic", start=list(STARTS), maybe_placeholders=False)
    compiled = {start: _compiled(lark, start) for start in STARTS}
    table = _table(compiled["file"].states)
    for start in STARTS:
        table[compiled[start].end_state][END_OF_TEXT] = compiled[start].end_state
    first = {start: compiled[start].start_state for start in STARTS}
    return Grammar(_terminals(lark), table, first)


def _compiled(lark: Any, start: str) -> Any:
    """Lark's table, and the first and last state of one start rule."""
    return lark.parse_interactive(start=start).parser_state.parse_conf


def _terminals(lark: Lark) -> re.Pattern[str]:
    """What is ignored, any number of times, and then one terminal, in the order of Lark's basic lexer."""
    order = sorted(lark.terminals, key=lambda t: (-t.priority, -t.pattern.max_width, -len(t.pattern.value), t.name))
    ignored = "|".join(t.pattern.to_regexp() for t in order if t.name in lark.ignore_tokens)
    named = "|".join(f"(?P<{t.name}>{t.pattern.to_regexp()})" for t in order if t.name not in lark.ignore_tokens)
    return re.compile(f"(?:{ignored})*+(?:{named}|(?P<{LAST}>\\Z))")


def _table(states: Any) -> Table:
    """Lark's table with its rules prepared for the loop of `automaton.py`."""
    rules = {rule: _reduction(rule) for row in states.values() for action, rule in row.values() if action is not Shift}
    return {
        state: {str(symbol): arg if action is Shift else rules[arg] for symbol, (action, arg) in row.items()}
        for state, row in states.items()
    }


def _reduction(rule: Any) -> Reduction:
    name = str(rule.origin.name)
    kept = tuple(
        (index, not symbol.is_term and symbol.name.startswith("_"))
        for index, symbol in enumerate(rule.expansion)
        if not (symbol.is_term and symbol.name.startswith("_"))
    )
    passes_on = name.startswith("_") or (rule.options.expand1 and rule.alias is None)
    return Reduction(name, len(rule.expansion), kept, None if passes_on else BUILDERS[rule.alias or name])
