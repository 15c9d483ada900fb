"""Where a parenthesis that was left open was likely meant to be closed: behind what can stand between the two."""

from __future__ import annotations

from netspec.syntax.tokens import NUMBERS, OPENERS, OPERATORS, Token

ITEMS = NUMBERS | {"NAME", "TEXT", "BROKEN"}


def closings(tokens: list[Token], openers: list[int], partner: dict[int, int]) -> dict[int, int]:
    """For each open bracket the index of the token before which its `)` is missing.

    `openers` are the indices of all open brackets, ascending; `partner` has the closing index of each closed one.
    """
    place: dict[int, int] = {}
    ends = _Ends(tokens, partner, place)
    for opener in reversed(openers):  # so that those further in are known
        place[opener] = ends.list_end(opener + 1) if tokens[opener].kind == "CALL" else ends.group_end(opener + 1)
    return place


class _Ends:
    """Finds the ends of pieces of a text, from the index of their first token."""

    def __init__(self, tokens: list[Token], partner: dict[int, int], place: dict[int, int]) -> None:
        self._tokens, self._partner, self._place = tokens, partner, place

    def group_end(self, index: int) -> int:
        """Of an expression, or of a list without commas (which are a mistake of their own)."""
        end = self._expression_end(index)
        is_list = end is not None and end == self._operand_end(index)
        while is_list and end is not None:
            index = end + (self._kind(end) == "_COMMA")
            following = self._operand_end(index)
            if following is None or self._kind(following) in OPERATORS | {"_EQUAL"}:
                return end
            end = following
        return index if end is None else end

    def list_end(self, index: int) -> int:
        """Of the list of a name: arguments with commas between."""
        while True:
            is_keyed = self._kind(index) == "NAME" and self._kind(index + 1) == "_EQUAL"
            end = self._expression_end(index + 2 if is_keyed else index)
            if end is None or self._kind(end) != "_COMMA":
                return index if end is None else end
            index = end + 1

    def _expression_end(self, index: int) -> int | None:
        end = self._operand_end(index)
        following = end
        while following is not None:
            end = following
            following = self._operand_end(end + 1) if self._kind(end) in OPERATORS else None
        return end

    def _operand_end(self, index: int) -> int | None:
        while self._kind(index) == "MINUS":
            index += 1
        kind = self._kind(index)
        if kind in OPENERS:
            return self._place[index] if index in self._place else self._partner[index] + 1
        return index + 1 if kind in ITEMS else None

    def _kind(self, index: int) -> str:
        return self._tokens[index].kind if index < len(self._tokens) else ""
