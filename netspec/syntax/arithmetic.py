"""Puts parentheses around arithmetic that has none: `c-1` becomes `(c-1)`, and is reported with that repair."""

from __future__ import annotations

from netspec.syntax.mistakes import Mistakes
from netspec.syntax.tokens import OPENERS, OPERATORS, Token

OPERANDS = frozenset({"INT", "REAL", "NAME", "BROKEN"})
SIGNED = frozenset({"INT", "REAL"})
OPERATOR_LIMIT = 100
"""operators in one expression, so that no walk over one goes deep"""


class Arithmetic:
    """The tokens of one text, brackets balanced."""

    def __init__(self, tokens: list[Token], mistakes: Mistakes, *, statements: bool) -> None:
        self._tokens, self._mistakes = tokens, mistakes
        self._statements = statements  # whether the text is statements, else it is one argument
        self._partner = _partners(tokens)
        self._calls = 0  # lists of names that are open at the current token

    def mended(self) -> list[Token]:
        """All tokens, each expression in parentheses and none too long."""
        tokens, out, index = self._tokens, list[Token](), 0
        while index < len(tokens):
            end = self._expression(index)
            if end is not None:
                out += self._in_parentheses(tokens[index:end])
                index = end
            else:
                self._calls += (tokens[index].kind == "CALL") - (tokens[index].kind == "RPAR")
                end = self._after_signs(index)
                out.append(self._sign(index) if tokens[index].kind == "MINUS" else tokens[index])
                index = end
        return out

    def _expression(self, index: int) -> int | None:
        """Where the expression that begins here ends; None where none does. The name of a statement is none."""
        end = self._operand(index)
        if self._starts_statement(index):
            return end if self._tokens[index].kind == "LPAR" else None
        following = end
        while following is not None:
            end = following
            following = self._operand(end + 1) if self._is_binary(end) else None
        return end

    def _operand(self, index: int) -> int | None:
        """Where a value, a value with signs before it, or a group in parentheses ends."""
        while index < len(self._tokens) and self._tokens[index].kind == "MINUS":
            index += 1
        kind = self._tokens[index].kind if index < len(self._tokens) else ""
        if kind == "LPAR":
            return self._partner[index] + 1
        return index + 1 if kind in OPERANDS else None

    def _is_binary(self, index: int) -> bool:
        """Whether an operator joins what stands before it with what follows: `c - 1`, `c-1`, but not `c -1`."""
        if index + 1 >= len(self._tokens) or self._tokens[index].kind not in OPERATORS:
            return False
        before, operator, after = self._tokens[index - 1 : index + 2]
        if operator.kind == "MINUS" and not self._calls:
            return before.touches(operator) or not operator.touches(after)
        return True

    def _after_signs(self, index: int) -> int:
        """The index after this token, or after all of a row of signs that belong to nothing."""
        index += 1
        while index < len(self._tokens) and self._tokens[index].kind == self._tokens[index - 1].kind == "MINUS":
            index += 1
        return index

    def _starts_statement(self, index: int) -> bool:
        return self._statements and (index == 0 or self._tokens[index - 1].kind in ("_END", "LBRACE"))

    def _sign(self, index: int) -> Token:
        """A minus that belongs to no number."""
        token = self._tokens[index]
        if self._starts_statement(index):
            return token
        self._mistakes.lone_sign(token)
        return token._replace(kind="BROKEN")

    def _in_parentheses(self, piece: list[Token]) -> list[Token]:
        """An expression as it must be written; one that is too long becomes `BROKEN`."""
        first, last = piece[0], piece[-1]
        if sum(token.kind in OPERATORS for token in piece) > OPERATOR_LIMIT:
            self._mistakes.long_expression(first, last, OPERATOR_LIMIT)
            return [Token("BROKEN", first.start, last.end, "")]
        if _is_one_argument(piece):
            return piece
        if all(token.kind != "BROKEN" for token in piece):
            self._mistakes.arithmetic(first, last)
        return [Token("LPAR", first.start, first.start, "("), *piece, Token("RPAR", last.end, last.end, ")")]


def _is_one_argument(piece: list[Token]) -> bool:
    """Whether these tokens of an expression are one argument as they stand: `5`, `-1`, `(2*c)`."""
    if len(piece) == 1 or (len(piece) == 2 and piece[0].kind == "MINUS" and piece[1].kind in SIGNED):
        return True
    depth = 0
    for token in piece[:-1]:
        depth += (token.kind in OPENERS) - (token.kind == "RPAR")
        if depth == 0:
            return False
    return True


def _partners(tokens: list[Token]) -> dict[int, int]:
    """From the index of each `(` to that of its `)`."""
    partner: dict[int, int] = {}
    open_at: list[int] = []
    for index, token in enumerate(tokens):
        if token.kind in OPENERS:
            open_at.append(index)
        elif token.kind == "RPAR":
            partner[open_at.pop()] = index
    return partner
