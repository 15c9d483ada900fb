"""What is said about mistakes: read the golden files with a student's eyes."""

from __future__ import annotations

import pytest

from netspec.diagnostics.render import render
from tests.conftest import Golden
from tests.syntax.broken import BROKEN
from tests.syntax.samples import codes, mended, only, read


@pytest.mark.parametrize("kind", BROKEN)
def test_mistakes_are_said_as_in_the_golden_file(kind: str, golden: Golden) -> None:
    golden(f"{kind}.txt", "\n".join(render(read(text)[1], colour=False) for text in BROKEN[kind]))


@pytest.mark.parametrize("text", [text for texts in BROKEN.values() for text in texts])
def test_every_broken_text_has_a_mistake_and_a_repaired_one_has_fewer(text: str) -> None:
    mistakes = read(text)[1]
    assert mistakes
    repairs = sum(mistake.repair is not None for mistake in mistakes)
    assert len(codes(mended(text))) < len(mistakes) or repairs == 0


def test_a_statement_gets_one_message() -> None:
    assert codes("conv (2*) () 3 = 4 = ; conv 3 = = 4\n3x3 = 4") == ["E101", "E101", "E101"]


def test_all_mistakes_of_a_text_come_in_one_run() -> None:
    text = "conv 20, 5x5\n3x3\npool max 2x2)\ndense (10\ndense 3x3x\ndense 'a'\ndense c-1\nnet a {\n"
    assert codes(text) == ["E110", "E101", "E106", "E105", "E103", "E102", "E104", "E107"]


def test_the_place_of_the_opening_bracket_is_shown() -> None:
    for text, place in (("a (1\nb", 2), ("a f(1\nb", 3), ("a {\nb", 2), ("a {\n  b {\n  c\n}\n", 8), ('a "b\nc', 2)):
        mistake = only(text)
        assert [label.span.start for label in mistake.secondary] == [place]
        assert mistake.primary.span.start > place
