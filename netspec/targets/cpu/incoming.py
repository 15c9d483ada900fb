"""Sizes of the memory for incoming images, planned by `schedule` and used by kernels."""

BAND = 256
"""pixels of an image per load, or a row where that is more"""
DRAW_ROWS = 34
"""Numbers per lane that augmentation draws or computes for each image; `kernels/cpu/incoming/augment_draws.py` names
them."""
