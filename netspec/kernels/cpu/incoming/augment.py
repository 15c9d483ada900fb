"""Launch rows that load and augment a minibatch; each begins after the one before has finished."""

from __future__ import annotations

from netspec.kernels.cpu.incoming.augment_draws import draw_rows
from netspec.kernels.cpu.incoming.distort import displace_rows
from netspec.kernels.cpu.incoming.tone import tone_rows
from netspec.kernels.cpu.incoming.warp import warp_rows
from netspec.kernels.cpu.language.rows import Row
from netspec.targets.cpu.program import Augmenting, Buffer, Program


def augment_rows(
    augmenting: Augmenting, program: Program, into: Buffer, shape: tuple[int, int, int], copying: Row
) -> tuple[Row, ...]:
    """Fills the input `into` with images of `shape` (C, H, W); `copying` is the row that loads them without warping."""
    warping = (*displace_rows(augmenting, shape, program), *warp_rows(augmenting, shape, into))
    coming = warping if augmenting.augmentation.warps else (copying,)
    return (*draw_rows(augmenting, shape), *coming, *tone_rows(augmenting, shape, into))
