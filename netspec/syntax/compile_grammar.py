"""Compiles `grammars/netspec.lark` with Lark, and writes `grammars/netspec.json`.

Run `python -m netspec.syntax.compile_grammar` in a checkout after an edit of the grammar. States are numbered in the
order in which they are reached, so that the same grammar gives the same file.
"""

from __future__ import annotations

import json
from typing import Any

from lark import Lark
from lark.parsers.lalr_analysis import Shift

from netspec.resources import compiled_grammar_path, grammar_text
from netspec.syntax.grammar import END_OF_TEXT, LAST, checksum

STARTS = ("file", "argument")


def main() -> None:
    """Writes the compiled grammar beside its text."""
    compiled_grammar_path().write_text(json.dumps(compiled_grammar(grammar_text())) + "\n", encoding="utf-8")


def compiled_grammar(text: str) -> dict[str, Any]:
    """The tables of a grammar as JSON values (0.03 s).

    `terminals` is a pattern; `rules` the reductions (see `grammar.Reduction`); `shifts` and `reductions` hold a dict a
    state, from symbol to the next state or to the index of a rule; `first` the first state of each start rule.
    """
    lark = Lark(text, parser="lalr", lexer="basic", start=list(STARTS), maybe_placeholders=False)
    tables = {start: _tables(lark, start) for start in STARTS}
    states: dict[Any, dict[Any, Any]] = {state: dict(row) for state, row in tables["file"].states.items()}
    for table in tables.values():
        states[table.end_state][END_OF_TEXT] = (Shift, table.end_state)
    order = _order(states, [table.start_state for table in tables.values()])
    rules = _rules(states, order)
    rows = [_sorted(states[state]) for state in order]
    return {
        "checksum": checksum(text),
        "terminals": _terminals(lark),
        "first": {start: order[table.start_state] for start, table in tables.items()},
        "rules": [_rule(rule) for rule in rules],
        "shifts": [{symbol: order[to] for symbol, action, to in row if action is Shift} for row in rows],
        "reductions": [{symbol: rules[to] for symbol, action, to in row if action is not Shift} for row in rows],
    }


def _tables(lark: Any, start: str) -> Any:
    """Lark's table, and the first and last state of one start rule."""
    return lark.parse_interactive(start=start).parser_state.parse_conf


def _order(states: dict[Any, dict[Any, Any]], starts: list[Any]) -> dict[Any, int]:
    """State of Lark -> number, in the order of a walk along the shifts, symbols sorted."""
    order = {state: number for number, state in enumerate(starts)}
    reached = list(order)
    for state in reached:
        for _, action, to in _sorted(states[state]):
            if action is Shift and to not in order:
                order[to] = len(order)
                reached.append(to)
    return order


def _rules(states: dict[Any, dict[Any, Any]], order: dict[Any, int]) -> dict[Any, int]:
    """Rule of Lark -> number, in the order of the states that reduce by it."""
    rules: dict[Any, int] = {}
    for state in order:
        for _, action, rule in _sorted(states[state]):
            if action is not Shift:
                rules.setdefault(rule, len(rules))
    return rules


def _sorted(row: dict[Any, Any]) -> list[tuple[str, Any, Any]]:
    """Symbol, action, and the next state or the rule."""
    return sorted(((str(symbol), action, to) for symbol, (action, to) in row.items()), key=lambda entry: entry[0])


def _terminals(lark: Lark) -> str:
    """What is ignored, any number of times, and then one terminal, in the order of Lark's basic lexer."""
    order = sorted(lark.terminals, key=lambda t: (-t.priority, -t.pattern.max_width, -len(t.pattern.value), t.name))
    ignored = "|".join(t.pattern.to_regexp() for t in order if t.name in lark.ignore_tokens)
    named = "|".join(f"(?P<{t.name}>{t.pattern.to_regexp()})" for t in order if t.name not in lark.ignore_tokens)
    return f"(?:{ignored})*+(?:{named}|(?P<{LAST}>\\Z))"


def _rule(rule: Any) -> dict[str, Any]:
    name = str(rule.origin.name)
    kept = [
        (index, not symbol.is_term and symbol.name.startswith("_"))
        for index, symbol in enumerate(rule.expansion)
        if not (symbol.is_term and symbol.name.startswith("_"))
    ]
    passes_on = name.startswith("_") or (rule.options.expand1 and rule.alias is None)
    return {"name": name, "size": len(rule.expansion), "kept": kept, "build": None if passes_on else rule.alias or name}


if __name__ == "__main__":
    main()
