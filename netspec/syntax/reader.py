"""Feeds tokens to the automaton and recovers from those it does not accept."""

from __future__ import annotations

from netspec.diagnostics.text import Source
from netspec.syntax.automaton import Automaton
from netspec.syntax.grammar import END_OF_TEXT, grammar
from netspec.syntax.leaves import leaf
from netspec.syntax.mistakes import Mistakes
from netspec.syntax.tokens import OPENERS, STATEMENT_ENDS, Token

REMEDIES = (("BROKEN",), ("NAME",), ("NAME", "BROKEN"), ("_END", "NAME"))
"""what may be put before a token that is not accepted, the least first; a `NAME` put there is empty"""


ENDS = STATEMENT_ENDS | {"RPAR", "_COMMA", END_OF_TEXT}
"""what is missing before one of these has no text of its own"""


class Reader:
    """One reading of one text, whose tokens have their brackets in pairs.

    Where a token is not accepted a mistake is reported, unless its statement has one; then a `BROKEN` argument takes
    the place of what cannot be read: inside parentheses up to the next comma or the closing one, elsewhere up to the
    end of the statement or the next brace.
    """

    def __init__(self, start: str, source: Source, mistakes: Mistakes) -> None:
        self._automaton = Automaton(grammar(), start)
        self._source, self._mistakes = source, mistakes
        self._points: list[int] = []  # height of the automaton behind each open ( or the last comma in it
        self._openers: list[Token] = []
        self._quiet = False  # whether this statement has a mistake already

    def read(self, tokens: list[Token]) -> object:
        """What the start rule builds from all tokens."""
        places = self._mistakes.places
        index = 0
        while index < len(tokens):
            token = tokens[index]
            if token.start in places:
                self._quiet = True
            index = index + 1 if self._accept(token) else self._recover(tokens, index)
        last = tokens[-1].end if tokens else 0
        end = Token(END_OF_TEXT, last, last, "")
        if not self._automaton.accepts(END_OF_TEXT):
            self._complain(end, tokens[-1] if tokens else None)
            self._prepare(end)
        return self._automaton.finish()

    def _accept(self, token: Token) -> bool:
        """Feeds a token; says False where it cannot stand."""
        kind = token.kind
        value = None if kind == "_END" else leaf(token, self._source, self._mistakes)
        if not self._automaton.feed(kind, value):
            return False
        if kind in OPENERS:
            self._points.append(self._automaton.height)
            self._openers.append(token)
        elif kind == "_COMMA":
            self._points[-1] = self._automaton.height
        elif kind == "RPAR":
            self._points.pop()
            self._openers.pop()
        elif kind in STATEMENT_ENDS:
            self._quiet = False
        return True

    def _recover(self, tokens: list[Token], index: int) -> int:
        """Reports the token at `index`, makes the automaton fit to go on, and gives the index to go on at."""
        token = tokens[index]
        if _is_noise(token):
            return index + 1
        self._complain(token, tokens[index - 1] if index else None)
        if self._points:
            return self._leave_item(tokens, index)
        if token.kind in STATEMENT_ENDS:
            return index if self._prepare(token) else index + 1
        if not self._put(token, "BROKEN"):
            self._put(token, "NAME", "BROKEN")
        return _statement_end(tokens, index)

    def _complain(self, token: Token, before: Token | None) -> None:
        if self._quiet or token.start in self._mistakes.places:
            return
        self._quiet = True
        if token.kind == "LBRACE" and self._automaton.accepts("NAME"):
            self._mistakes.headless(token, before)
        else:
            opener = self._openers[-1] if self._openers else None
            self._mistakes.unexpected(token, before, self._automaton.allowed(), opener)

    def _leave_item(self, tokens: list[Token], index: int) -> int:
        """Goes on behind an item of a list in parentheses that cannot be read, or misses."""
        token = tokens[index]
        if self._automaton.accepts("BROKEN", token.kind):
            self._put(token, "BROKEN")
            return index
        self._automaton.back_to(self._points[-1])
        self._put(token, "BROKEN")
        return _item_end(tokens, index)

    def _prepare(self, token: Token) -> bool:
        """Puts before a token what lets it be accepted."""
        for remedy in REMEDIES:
            if self._automaton.accepts(*remedy, token.kind):
                return self._put(token, *remedy)
        return False

    def _put(self, token: Token, *kinds: str) -> bool:
        """Feeds tokens that the text lacks, all or none."""
        if not self._automaton.accepts(*kinds):
            return False
        for kind in kinds:
            end = token.end if kind == "BROKEN" and token.kind not in ENDS else token.start
            missing = Token(kind, token.start, end, "")
            self._automaton.feed(kind, leaf(missing, self._source, self._mistakes))
        return True


def _is_noise(token: Token) -> bool:
    """Whether a token was reported as wrong signs, which nothing depends on."""
    return token.kind == "BROKEN" and not token.text[:1].isalnum()


def _statement_end(tokens: list[Token], index: int) -> int:
    while index < len(tokens) and tokens[index].kind not in STATEMENT_ENDS:
        index += 1
    return index


def _item_end(tokens: list[Token], index: int) -> int:
    """Where the comma or the closing bracket behind an item stands."""
    depth = 0
    while index < len(tokens):
        kind = tokens[index].kind
        if depth == 0 and kind in ("_COMMA", "RPAR"):
            break
        depth += (kind in OPENERS) - (kind == "RPAR")
        index += 1
    return index
