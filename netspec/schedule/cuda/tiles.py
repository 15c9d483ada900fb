"""Tiles of matrix products: which tile a product takes, among how many blocks its depth is divided, or that a thread
for each number does better.

Costs are cycles of one multiprocessor, estimated from the machine code of the kernels. They order the candidates and
promise nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from netspec.targets.cuda.processor import CudaTarget
from netspec.targets.cuda.sizes import Tiling

DEPTH = 8
"""Products that a tile adds between two barriers, as in `kernels/cuda/matrix/tile.py`."""
LEAST_DEPTH = 8 * DEPTH
"""Products that a block adds at least, where blocks divide the depth."""
LANES = 128
"""Multiply-adds of a multiprocessor in a cycle."""
STEP_LATENCY = 700
"""Cycles of a step of a lone block: a read of global memory, and a barrier."""
SECOND_CALL = 3000
"""Cycles of one more call."""
PART_LATENCY = 75
"""Cycles of a thread that adds a part: reads of global memory, four at a time."""
PART_CYCLES = 0.4
"""Cycles that a part of one number takes to be written and read."""
PLAIN_CYCLES = 0.0625
"""Cycles of a multiply-add of a plain kernel: two loads, 32 of which a multiprocessor does in a cycle."""
SCATTERED = 8
"""Times as many cycles where the loads of neighbouring threads lie far apart."""
PLAIN_LATENCY = 12
"""Cycles of a multiply-add of a thread that waits for both loads, four at a time."""
PLAIN_THREADS = 2048
"""Threads that a multiprocessor holds."""


@dataclass(frozen=True, slots=True)
class Speed:
    """A tiling's share of multiply-adds among instructions, and the blocks that a multiprocessor holds."""

    tiling: Tiling
    share: float
    resident: int


SPEEDS = (
    Speed(Tiling(128, 128, 8, 8), 0.7, 2),
    Speed(Tiling(64, 128, 4, 8), 0.57, 2),
    Speed(Tiling(64, 64, 4, 4), 0.5, 3),
    Speed(Tiling(32, 128, 4, 4), 0.42, 3),
)
TILINGS = tuple(speed.tiling for speed in SPEEDS)


@dataclass(frozen=True, slots=True)
class Product:
    """Matrix products of `groups` matrices (rows, depth) and (depth, columns)."""

    rows: int
    columns: int
    depth: int
    groups: int = 1
    shares: int = 1
    """threads that add the parts of a number, where blocks divide the depth; 0: they do not"""
    scattered: bool = False
    """whether neighbouring threads of the plain kernel read numbers that lie far apart"""

    @property
    def numbers(self) -> int:
        """Numbers of the results."""
        return self.groups * self.rows * self.columns

    def tiles(self, tiling: Tiling) -> int:
        """Tiles of the results."""
        return self.groups * -(-self.rows // tiling.rows) * -(-self.columns // tiling.columns)


@dataclass(frozen=True, slots=True)
class Choice:
    """A tile, and the number of chunks that the depth is divided into."""

    tiling: Tiling
    parts: int


Chooser = Callable[[Product, CudaTarget], Choice | None]
"""What chooses a tile for a product, or None for the plain kernels."""


def choose(product: Product, target: CudaTarget) -> Choice | None:
    """The choice of least cost, or None where plain kernels cost less."""
    costs = {
        Choice(speed.tiling, parts): _tiled_cost(product, speed, parts, target)
        for speed in SPEEDS
        for parts in _divisions(product, speed, target)
    }
    best = min(costs, key=costs.__getitem__)
    return best if costs[best] < _plain_cost(product, target) else None


def _divisions(product: Product, speed: Speed, target: CudaTarget) -> Iterator[int]:
    """Powers of two, up to the first that keeps all multiprocessors busy."""
    yield 1
    parts, busy = 2, speed.resident * target.multiprocessors
    while product.shares and product.depth >= parts * LEAST_DEPTH and parts * product.tiles(speed.tiling) < 2 * busy:
        yield parts
        parts *= 2


def _tiled_cost(product: Product, speed: Speed, parts: int, target: CudaTarget) -> float:
    steps = -(-product.depth // (parts * DEPTH))
    step = speed.tiling.rows * speed.tiling.columns * DEPTH / LANES / speed.share
    blocks = -(-product.tiles(speed.tiling) * parts // target.multiprocessors)
    cost = steps * max(blocks * step, -(-blocks // speed.resident) * STEP_LATENCY)
    if parts == 1:
        return cost
    moved = product.numbers * parts * PART_CYCLES / target.multiprocessors
    return cost + SECOND_CALL + max(moved, parts * PART_LATENCY / product.shares)


def _plain_cost(product: Product, target: CudaTarget) -> float:
    work = product.numbers * product.depth * PLAIN_CYCLES / target.multiprocessors
    work *= SCATTERED if product.scattered else 1
    if product.shares > 1:  # plain weight gradients divide their sums too
        return work + SECOND_CALL
    threads = -(-product.numbers // target.multiprocessors)
    return max(work, -(-threads // PLAIN_THREADS) * product.depth * PLAIN_LATENCY)
