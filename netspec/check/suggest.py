"""Which word was meant: by edit distance, by a common beginning, and by the names other systems use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import islice

LONGEST_WORD = 32
"""Longer words are not compared: nobody mistypes them, and the comparison is quadratic."""
MOST_CANDIDATES = 200
"""Known words that are looked at: enough for a person's file, and quick for a machine's."""


def suggestions(word: str, known: Iterable[str], synonyms: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """The known words that were probably meant, best first, at most three.

    A synonym (`linear` for `dense`), also a mistyped one, gives what it stands for.
    """
    meant = synonyms or {}
    known = tuple(islice(known, MOST_CANDIDATES))
    lowered = word.lower()
    if lowered in known:
        return (lowered,)
    if lowered in meant:
        return (meant[lowered],)
    return _nearest(lowered, known, tuple(meant.items()))


@lru_cache(maxsize=1024)
def _nearest(word: str, known: tuple[str, ...], meant: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    if len(word) > LONGEST_WORD:
        return ()
    allowed = max(1, len(word) // 3)
    ranked: dict[str, int] = {}
    for candidate, answer in (*((name, name) for name in known), *meant):
        if abs(len(candidate) - len(word)) > allowed or len(candidate) > LONGEST_WORD:
            continue
        far = distance(word, candidate.lower())
        if far <= allowed and far < max(len(word), len(candidate)):
            ranked[answer] = min(far, ranked.get(answer, far))
    if not ranked:
        return _sharing_a_beginning(word, known)
    best = min(ranked.values())
    return tuple(name for name in ranked if ranked[name] == best)[:3]


def _sharing_a_beginning(word: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """`batch` of `batchnormalisation`: one is the beginning of the other, three letters at least."""
    return tuple(
        name for name in known if min(len(word), len(name)) >= 3 and (word.startswith(name) or name.startswith(word))
    )[:3]


def distance(one: str, other: str) -> int:
    """Letters to insert, delete, change or swap with their neighbour to get from one word to the other."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, last, row = row, before, [i]
        for j, b in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]
