"""The rows that bring a minibatch in augmented, each finished before the next."""

from __future__ import annotations

from netspec.targets.cpu.program import Augmenting, Buffer, Program
from netspec.kernels.cpu.augment_draws import draw_rows
from netspec.kernels.cpu.distort import displace_rows
from netspec.kernels.cpu.rows import Row
from netspec.kernels.cpu.tone import tone_rows
from netspec.kernels.cpu.warp import warp_rows


def augment_rows(
    augmenting: Augmenting, program: Program, into: Buffer, shape: tuple[int, int, int], copying: Row
) -> tuple[Row, ...]:
    """Fills the input `into`, images of `shape` (C, H, W); `copying` is the row that would do so without moving
    pixels."""
    warping = (*displace_rows(augmenting, shape, program), *warp_rows(augmenting, shape, into))
    coming = warping if augmenting.augmentation.warps else (copying,)
    return (*draw_rows(augmenting, shape), *coming, *tone_rows(augmenting, shape, into))
