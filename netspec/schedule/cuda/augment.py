"""Calls that augment a minibatch: random draws, pixels that move, and pixels that change where they are."""

from __future__ import annotations

from netspec.ir.augmentation import Augmentation, smoothing_weights
from netspec.ir.graph import Value
from netspec.schedule.cuda.calls.building import BLOCK, Calls, Operand, Planning, Scratch, per_number
from netspec.targets.cuda.draws import DRAW_ROWS
from netspec.targets.cuda.program import Call
from netspec.targets.cuda.sizes import Augmented, Images, Smoothed

SHARPEST = 1e30
"""The most that the reciprocal of a smoothness can be in float32, about; no pixel is smoothed long before."""
PIXELS_A_THREAD = 4
"""Pixels that a thread tones: the words of one random counter."""


def draw_call(value: Value, sizes: Images, augmentation: Augmentation, planning: Planning) -> Call[Operand]:
    """The draws of each image."""
    low, high = augmentation.scale
    return per_number(
        "draw_images",
        planning.batch,
        _draws(value, planning),
        "state",
        "images",
        _sizes(sizes, augmentation),
        float(augmentation.shift),
        float(augmentation.turn),
        float(low),
        float(high - low),
        float(augmentation.brightness),
        float(augmentation.contrast),
    )


def warp_calls(value: Value, sizes: Images, augmentation: Augmentation, planning: Planning) -> Calls:
    """Images that are loaded warped, of displacements that are computed first where the augmentation distorts."""
    draws, s, pixels = _draws(value, planning), _sizes(sizes, augmentation), planning.batch * sizes.h * sizes.w
    displacing: Calls = ()
    moves = draws
    if augmentation.distort:
        displacing, moves = _displacing(value, sizes, augmentation, planning)
    return (*displacing, per_number("warp_images", pixels, value, draws, moves, "state", "images", s))


def tone_calls(value: Value, sizes: Images, augmentation: Augmentation, planning: Planning) -> Calls:
    """Contrast, brightness, noise and cutout in place; none where the augmentation changes no tone."""
    if not augmentation.tones:
        return ()
    draws, s, planes = _draws(value, planning), _sizes(sizes, augmentation), planning.batch * sizes.c
    averaging: Calls = ()
    means = draws
    if augmentation.contrast:
        means = Scratch(f"{value.name}.means", planes)
        averaging = (Call("plane_means", planes, BLOCK, (means, value, "images", s)),)
    threads, noise = planes * -(-sizes.h * sizes.w // PIXELS_A_THREAD), float(augmentation.noise)
    return (*averaging, per_number("tone_images", threads, value, draws, means, "state", "images", s, noise))


def _displacing(value: Value, sizes: Images, augmentation: Augmentation, planning: Planning) -> tuple[Calls, Scratch]:
    """Calls that compute displacements, (N, h, w, 2), and where they are: noise, smoothed along rows and columns."""
    elements = 2 * sizes.h * sizes.w
    noise, rows = (Scratch(f"{value.name}.{name}", planning.batch * elements) for name in ("moves", "rows"))
    threads = planning.batch * sizes.h * -(-sizes.w // 2)

    def smoothing(into: Scratch, source: Scratch, length: int, stride: int, strength: float) -> Call[Operand]:
        reach = len(smoothing_weights(augmentation.smoothness, length)) - 1
        share = strength * smoothing_weights(augmentation.smoothness, 1)[0]
        s, sharpness = Smoothed(elements, length, stride, reach), min(1 / augmentation.smoothness, SHARPEST)
        return per_number("smooth", planning.batch * elements, into, source, "images", s, share, sharpness)

    drawing = per_number("draw_displacements", threads, noise, "state", "images", sizes)
    across = smoothing(rows, noise, sizes.w, 2, 1.0)
    return (drawing, across, smoothing(noise, rows, sizes.h, 2 * sizes.w, float(augmentation.distort))), noise


def _draws(value: Value, planning: Planning) -> Scratch:
    return Scratch(f"{value.name}.draws", planning.batch * DRAW_ROWS)


def _sizes(sizes: Images, augmentation: Augmentation) -> Augmented:
    return Augmented(
        *sizes,
        mirror_y=int(augmentation.mirror_vertical),
        mirror_x=int(augmentation.mirror),
        displaced=int(augmentation.distort > 0),
        contrast=int(augmentation.contrast > 0),
        noise=int(augmentation.noise > 0),
        side=augmentation.cut_side(sizes.h, sizes.w),
    )
