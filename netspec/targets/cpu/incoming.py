"""How images come in: memory that planning gives and kernels use."""

BAND = 256
"""pixels of an image that come in at a time, or a row where that is more"""
DRAW_ROWS = 34
"""Numbers, one a lane, that augmentation may draw or work out for each image; `kernels/cpu/incoming/augment_draws.py`
names them."""
