"""Intervals of input positions along one axis, one for every position of a map.

They are an array (2, positions): the lowest input row (or column) that a position depends on, and the highest, negated,
so that the interval around two is the smaller number of each. NOTHING, twice, is a position that depends on no input:
it sees padding alone, or lies in a gap of a strided deconv.
"""

from __future__ import annotations

from math import gcd

import numpy as np
from numpy.typing import NDArray

NOTHING = 1 << 40
Intervals = NDArray[np.int64]
Numbers = NDArray[np.int64]


def own(positions: int) -> Intervals:
    """Each position of the input depends on itself."""
    places = np.arange(positions, dtype=np.int64)
    return np.stack((places, -places))


def seen(intervals: Intervals) -> NDArray[np.bool_]:
    """Which positions depend on any input, (positions,)."""
    return intervals[0] < NOTHING


def longest(intervals: Intervals) -> int:
    """The most input positions from the lowest to the highest of an interval; 0 where there is none."""
    return max(0, 1 - int((intervals[0] + intervals[1]).min()))


def around_all(intervals: Intervals) -> Intervals:
    """The interval around all of them, (2, 1)."""
    return intervals.min(axis=1, keepdims=True)


def slid(intervals: Intervals, kernel: int, stride: int, before: int, dilation: int, outputs: int) -> Intervals:
    """What `outputs` positions of a sliding window depend on: taps `dilation` apart, the first `before` outside."""
    start = np.arange(outputs, dtype=np.int64) * stride - before
    outside = np.maximum(0, -(start // dilation))
    inside = np.minimum(kernel, (intervals.shape[1] - 1 - start) // dilation + 1)
    return _around(intervals, start + outside * dilation, inside - outside, dilation)


def spread(intervals: Intervals, kernel: int, stride: int, before: int, dilation: int, outputs: int) -> Intervals:
    """What `outputs` positions of a transposed window depend on.

    Input q reaches the outputs q*stride + i*dilation - before. So output o meets, of the taps, every (stride/g)-th from
    the first that leaves no remainder, g being the common divisor of stride and dilation, and inputs dilation/g apart.
    """
    place = np.arange(outputs, dtype=np.int64) + before
    common = gcd(stride, dilation)
    period, step = stride // common, dilation // common
    tap = place // common * pow(step, -1, period) % period
    highest = (place - tap * dilation) // stride
    fewest = np.maximum(0, -((intervals.shape[1] - 1 - highest) // step))
    most = np.minimum((kernel - 1 - tap) // period, highest // step)
    count = np.where(place % common == 0, most - fewest + 1, 0)
    return _around(intervals, highest - most * step, count, step)


def repeated(intervals: Intervals, times: int) -> Intervals:
    """Each position `times` times."""
    return np.repeat(intervals, times, axis=1)


def _around(intervals: Intervals, first: Numbers, count: Numbers, step: int) -> Intervals:
    """The interval around `count` of them, `step` apart from `first` on, for every entry of `first` and `count`.

    By doubling: the intervals around 1, 2, 4, … from every position on; two of these, which may overlap, make up any.
    """
    made = np.full((2, len(first)), NOTHING, dtype=np.int64)
    width, most = 1, int(count.max(initial=0))
    while width <= most:
        (places,) = ((count >= width) & (count < 2 * width)).nonzero()
        low = first[places]
        made[:, places] = np.minimum(intervals[:, low], intervals[:, low + (count[places] - width) * step])
        if 2 * width <= most:
            intervals = np.minimum(intervals[:, : -width * step], intervals[:, width * step :])
        width *= 2
    return made
