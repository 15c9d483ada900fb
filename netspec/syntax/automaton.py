"""The pushdown automaton that reads tokens by the grammar's table and builds nodes on the way.

It does what Lark's own loop does, without exceptions and with two questions more: whether a token would be accepted,
and how to go back to an earlier point of the same text. Both are what recovering from mistakes needs.
"""

from __future__ import annotations

from typing import Any

from netspec.syntax.grammar import END_OF_TEXT, Grammar, Reduction


class Automaton:
    """One reading of one text. Every method takes constant time a step; there is no recursion, so depth costs none."""

    def __init__(self, grammar: Grammar, start: str) -> None:
        self._table = grammar.table
        self._states: list[Any] = [grammar.first[start]]
        self._values: list[Any] = []

    def feed(self, kind: str, value: object) -> bool:
        """Reads a token; says False, having read nothing, where the grammar does not allow it."""
        table, states, values = self._table, self._states, self._values
        while True:
            action = table[states[-1]].get(kind)
            if action is None:
                return False
            if not isinstance(action, Reduction):
                states.append(action)
                values.append(value)
                return True
            self._reduce(action)

    def finish(self) -> object:
        """Reads the end of the text and gives what the start rule built. The end must be acceptable."""
        while isinstance(action := self._table[self._states[-1]].get(END_OF_TEXT), Reduction):
            self._reduce(action)
        return self._values[-1]

    def _reduce(self, reduction: Reduction) -> None:
        states, values, size = self._states, self._values, reduction.size
        if size != 1 or reduction.build is not None or reduction.rule[0] == "_":
            base = len(values) - size
            value = reduction.value(values[base:])
            del values[base:]
            values.append(value)
        del states[len(states) - size :]
        states.append(self._table[states[-1]][reduction.rule])

    def accepts(self, *kinds: str) -> bool:
        """Whether these tokens, one after the other, would be accepted. Changes nothing."""
        states = list(self._states)
        return all(self._step(states, kind) for kind in kinds)

    def _step(self, states: list[Any], kind: str) -> bool:
        while isinstance(action := self._table[states[-1]].get(kind), Reduction):
            del states[len(states) - action.size :]
            states.append(self._table[states[-1]][action.rule])
        states.append(action)
        return action is not None

    def allowed(self) -> frozenset[str]:
        """The kinds of token that could come next."""
        return frozenset(kind for kind in self._table[self._states[-1]] if _is_terminal(kind) and self.accepts(kind))

    @property
    def height(self) -> int:
        """A point of the reading, for `back_to`."""
        return len(self._states)

    def back_to(self, height: int) -> None:
        """Forgets what was read since `height` was taken; nothing below it may have been finished meanwhile."""
        del self._states[height:], self._values[height - 1 :]


def _is_terminal(symbol: str) -> bool:
    return symbol.isupper()
