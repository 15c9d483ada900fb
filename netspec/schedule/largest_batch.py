"""Search of the largest batch that fits into a limit."""

from __future__ import annotations

from collections.abc import Callable


def largest_batch(fits: Callable[[int], bool], beyond: int) -> int | None:
    """The largest batch below `beyond`, which does not fit, that does; None where one image does not. A batch above one
    that does not fit must not fit either. Calls `fits` about log2(beyond) times."""
    if beyond <= 1 or not fits(1):
        return None
    low, high = 1, beyond
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low
