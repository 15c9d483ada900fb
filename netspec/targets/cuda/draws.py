"""Numbers that augmentation draws or computes for each image, float32, in the order in which they are stored."""

from __future__ import annotations

(
    COSINE,
    SINE,
    FLIP_Y,
    FLIP_X,
    TOP,
    LEFT,
    SHIFT_Y,
    SHIFT_X,
    BRIGHTNESS,
    CONTRAST,
    CUT_TOP,
    CUT_LEFT,
) = range(12)
"""COSINE, SINE: of the angle, divided by the scale. FLIP_Y, FLIP_X: 1 or -1. TOP, LEFT: corner of the window, from the
centre of the source. CUT_TOP, CUT_LEFT: corner of the cut square, integers."""
DRAW_ROWS = 12
"""Numbers of an image."""
