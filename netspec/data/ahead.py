"""Work done ahead by threads, in order, a bounded number of pieces at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Piece = TypeVar("Piece")
Result = TypeVar("Result")

THREADS = 8
WAITING = 8
"""Pieces for each thread that are under way or done and not yet asked for."""


def ahead(function: Callable[[Piece], Result], pieces: Iterable[Piece], threads: int = THREADS) -> Iterator[Result]:
    """`map(function, pieces)` on threads. However many pieces there are, memory holds the results of a few."""
    coming = iter(pieces)
    with ThreadPoolExecutor(threads) as pool:
        under_way: deque[Future[Result]] = deque(
            pool.submit(function, piece) for piece in islice(coming, _most(threads))
        )
        try:
            while under_way:
                yield under_way.popleft().result()
                under_way.extend(pool.submit(function, piece) for piece in islice(coming, 1))
        finally:
            pool.shutdown(cancel_futures=True)


def _most(threads: int) -> int:
    return threads * WAITING
