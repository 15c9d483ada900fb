"""On which pixels the numbers of a value depend: the smallest box around them, number by number.

A value's numbers are described in runs: channels that see alike, one behind the other. What a position of a run sees is
a union of boxes, `rows[y]` by `columns[x]` of each of its terms. One term does nearly always; of two that see nothing
at the same rows and columns, the boxes around both are those of one. A flat vector keeps the planes that it was
flattened from, which repeat along it, or lists the box of every number.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from netspec.counting.intervals import NOTHING, Intervals, Numbers, around_all, longest, seen
from netspec.diagnostics.failure import CompilerBug
from netspec.ir.operations import Pair

MOST_RUNS = 16
"""A value of more is described as if each of its channels saw what any of them sees."""
MOST_LISTED = 1 << 20
"""A flat vector of more numbers is described as if each of them saw what any of them sees."""


class Term(NamedTuple):
    """Boxes: `rows`, (2, height), by `columns`, (2, width)."""

    rows: Intervals
    columns: Intervals


class Run(NamedTuple):
    """`numbers` are channels of an image, or numbers of a flat vector: whole planes of height x width, or, `listed`,
    one for each entry of the only term's rows and columns."""

    numbers: int
    terms: tuple[Term, ...]
    listed: bool = False


Field = tuple[Run, ...]


class Box(NamedTuple):
    """Rows top to bottom - 1 and columns left to right - 1 of the image."""

    top: int
    bottom: int
    left: int
    right: int


def box(field: Field, channel: int, position: Pair | None) -> Box | None:
    """The box around all pixels that numbers depend on: the one of `channel` at `position` in a map; without a position
    all of a channel, or number `channel` of a flat vector that is listed. None where they depend on no pixel."""
    place = channel
    for run in field:
        if place < run.numbers:
            if run.listed:
                return _around(run, place, place)
            return _around(run, *position) if position else _around(whole((run,), 1)[0], 0, 0)
        place -= run.numbers
    raise CompilerBug(f"a field of {channel - place} numbers has no number {channel}")


def _around(run: Run, y: int, x: int) -> Box | None:
    ends = [(term.rows[:, y], term.columns[:, x]) for term in run.terms]
    ends = [pair for pair in ends if max(pair[0][0], pair[1][0]) < NOTHING]
    if not ends:
        return None
    (top, bottom), (left, right) = (np.minimum.reduce(axis).tolist() for axis in zip(*ends, strict=True))
    return Box(top, 1 - bottom, left, 1 - right)


def size(field: Field) -> Pair:
    """Height and width of the largest boxes; 0x0 where no number depends on a pixel."""
    sizes = [_run_size(run) for run in field]
    return max(height for height, _ in sizes), max(width for _, width in sizes)


def _run_size(run: Run) -> Pair:
    rows, columns = [term.rows for term in run.terms], [term.columns for term in run.terms]
    height, width = _longest(rows, columns), _longest(columns, rows)
    return (height, width) if height and width else (0, 0)


def _longest(along: list[Intervals], across: list[Intervals]) -> int:
    """Of the unions along an axis, at any position across it."""
    if len(along) == 1:
        return longest(along[0])
    together = np.unique(np.stack([seen(each) for each in across]), axis=1)
    unions = ([each for each, on in zip(along, column, strict=True) if on] for column in together.T)
    return max((longest(np.minimum.reduce(union)) for union in unions if union), default=0)


def joined(terms: Iterable[Term]) -> tuple[Term, ...]:
    """The union of terms of equal planes, in as few as see nothing at the same places."""
    first, *others = terms
    if not others:
        return (first,)
    alike: dict[tuple[bytes, bytes], Term] = {}
    for term in (first, *others):
        key = seen(term.rows).tobytes(), seen(term.columns).tobytes()
        other = alike.get(key, term)
        alike[key] = Term(np.minimum(term.rows, other.rows), np.minimum(term.columns, other.columns))
    return tuple(alike.values())


def mixed(field: Field, count: int) -> Field:
    """`count` channels that each depend on all of an image's."""
    return (Run(count, joined(term for run in field for term in run.terms)),)


def whole(field: Field, count: int) -> Field:
    """`count` numbers that each depend on all of a value's."""
    boxes = (
        Term(around_all(term.rows), around_all(term.columns))
        for run in field
        for term in run.terms
        if seen(term.rows).any() and seen(term.columns).any()
    )
    nothing = np.full((2, 1), NOTHING, dtype=np.int64)
    return (Run(count, joined((*boxes,) or (Term(nothing, nothing),))),)


def gathered(field: Field, lowest: Numbers, highest: Numbers) -> Field:
    """Channels of an image, of which the k-th depends on the channels `lowest[k]` to `highest[k]`."""
    if len(field) == 1:
        return (Run(len(lowest), field[0].terms),)
    ends = np.cumsum([run.numbers for run in field])
    first, last = (np.searchsorted(ends, channels, side="right") for channels in (lowest, highest))
    changes = (np.flatnonzero((np.diff(first) != 0) | (np.diff(last) != 0)) + 1).tolist()
    parts = pairwise((0, *changes, len(lowest)))
    made = (mixed(field[first[begin] : last[begin] + 1], end - begin) for begin, end in parts)
    return concatenated(made)


def concatenated(fields: Iterable[Field]) -> Field:
    """Values one behind the other. Neighbours that see alike are one run."""
    runs: list[Run] = []
    for run in (run for field in fields for run in field):
        if runs and not run.listed and not runs[-1].listed and _alike(runs[-1].terms, run.terms):
            runs[-1] = run._replace(numbers=runs[-1].numbers + run.numbers)
        else:
            runs.append(run)
    return tuple(runs)


def _alike(one: tuple[Term, ...], other: tuple[Term, ...]) -> bool:
    pairs = zip(one, other, strict=True) if len(one) == len(other) else ()
    same = [np.array_equal(a.rows, b.rows) and np.array_equal(a.columns, b.columns) for a, b in pairs]
    return one is other or (bool(same) and all(same))


def summed(fields: tuple[Field, ...]) -> Field:
    """Values of images of the same shape, number by number."""
    ends = [np.cumsum([run.numbers for run in field]) for field in fields]
    cuts = np.unique(np.concatenate(ends))
    places: list[list[int]] = np.stack([np.searchsorted(each, cuts) for each in ends], axis=1).tolist()
    beside = ([field[k] for field, k in zip(fields, row, strict=True)] for row in places)
    counts: list[int] = np.diff(cuts, prepend=0).tolist()
    joins = (joined(term for run in runs for term in run.terms) for runs in beside)
    return tuple(Run(count, terms) for count, terms in zip(counts, joins, strict=True))


def listed(field: Field) -> Field:
    """A flat vector by the box of each number."""
    if sum(run.numbers for run in field) > MOST_LISTED:
        return whole(field, sum(run.numbers for run in field))
    terms = [run.terms[0] if run.listed else _spelled(run) for run in field]
    rows, columns = (np.concatenate(axis, axis=1) for axis in zip(*terms, strict=True))
    return (Run(rows.shape[1], (Term(rows, columns),), listed=True),)


def _spelled(run: Run) -> Term:
    """Rows and columns of every number of whole planes, (2, numbers)."""
    planes: list[Term] = []
    for term in run.terms:
        rows = np.repeat(term.rows, term.columns.shape[1], axis=1)
        columns = np.tile(term.columns, (1, term.rows.shape[1]))
        both = seen(rows) & seen(columns)
        planes.append(Term(np.where(both, rows, NOTHING), np.where(both, columns, NOTHING)))
    union = Term(*(np.minimum.reduce(axis) for axis in zip(*planes, strict=True)))
    times = (1, run.numbers // union.rows.shape[1])
    return Term(np.tile(union.rows, times), np.tile(union.columns, times))
