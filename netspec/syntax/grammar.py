"""The grammar as Lark compiled it: one pattern for all terminals, and the LALR(1) table. Read once a process.

`grammars/netspec.json` holds it (written by `compile_grammar.py`), since Lark takes longer than all else that `netspec
check` does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from zlib import crc32

from netspec.resources import compiled_grammar_text, grammar_text
from netspec.syntax.build import BUILDERS

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
    """The grammar of `grammars/netspec.lark`."""
    compiled = json.loads(compiled_grammar_text())
    if compiled["checksum"] != checksum(grammar_text()):
        raise RuntimeError("the grammar was edited: run `python -m netspec.syntax.compile_grammar`")
    return _grammar(compiled)


def checksum(text: str) -> int:
    """Tells whether a text of the grammar is the one that was compiled."""
    return crc32(text.encode())


def _grammar(compiled: dict[str, Any]) -> Grammar:
    """What reading needs, of what `compile_grammar.py` describes."""
    rules = [
        Reduction(rule["name"], rule["size"], tuple((index, is_list) for index, is_list in rule["kept"]), _build(rule))
        for rule in compiled["rules"]
    ]
    table: Table = {}
    for shifts, reductions in zip(compiled["shifts"], compiled["reductions"], strict=True):
        table[len(table)] = shifts | {symbol: rules[rule] for symbol, rule in reductions.items()}
    return Grammar(re.compile(compiled["terminals"]), table, compiled["first"])


def _build(rule: dict[str, Any]) -> Build | None:
    return None if rule["build"] is None else BUILDERS[rule["build"]]
