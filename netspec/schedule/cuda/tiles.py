"""Tiles of matrix products: which tile a product takes, or that a thread for each number does better.

Costs are cycles of one multiprocessor, estimated from the machine code of the kernels. They order the candidates and
promise nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

from netspec.targets.cuda.processor import CudaTarget
from netspec.targets.cuda.sizes import Tiling

DEPTH = 8
"""Products that a tile adds between two barriers, as in `kernels/cuda/matrix/tile.py`."""
LANES = 128
"""Multiply-adds of a multiprocessor in a cycle."""
STEP_LATENCY = 700
"""Cycles of a step of a lone block: a read of global memory, and a barrier."""
PLAIN_CYCLES = 0.0625
"""Cycles of a multiply-add of a plain kernel: two loads, 32 of which a multiprocessor does in a cycle."""
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
    divisible: bool = False
    """whether blocks may divide the depth among them"""


def choose(product: Product, target: CudaTarget) -> Tiling | None:
    """The tile of least cost, or None where plain kernels cost less."""
    best = min(SPEEDS, key=lambda speed: _tiled_cost(product, speed, target))
    return best.tiling if _tiled_cost(product, best, target) < _plain_cost(product, target) else None


def tile_count(product: Product, tiling: Tiling) -> int:
    """Tiles of a product."""
    return product.groups * -(-product.rows // tiling.rows) * -(-product.columns // tiling.columns)


def _tiled_cost(product: Product, speed: Speed, target: CudaTarget) -> float:
    tiles, steps = tile_count(product, speed.tiling), -(-product.depth // DEPTH)
    step = speed.tiling.rows * speed.tiling.columns * DEPTH / LANES / speed.share
    if product.divisible:
        busy = speed.resident * target.multiprocessors
        tiles, steps = max(tiles, busy), -(-steps * tiles // max(tiles, busy))
    blocks = -(-tiles // target.multiprocessors)
    return steps * max(blocks * step, -(-blocks // speed.resident) * STEP_LATENCY)


def _plain_cost(product: Product, target: CudaTarget) -> float:
    numbers = product.groups * product.rows * product.columns
    work = numbers * product.depth * PLAIN_CYCLES / target.multiprocessors
    if product.divisible:
        return work
    threads = -(-numbers // target.multiprocessors)
    return max(work, -(-threads // PLAIN_THREADS) * product.depth * PLAIN_LATENCY)
