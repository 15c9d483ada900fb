"""Sizes of Winograd's tiles, which plans and kernels share."""

INPUT_TILE = 6
"""Rows and columns of an input tile."""
PRODUCTS = INPUT_TILE * INPUT_TILE
"""Numbers of an input tile, and products for a pair of channels."""
