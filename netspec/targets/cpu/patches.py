"""The patches of Winograd's algorithm: planning and kernels both read this."""

PATCH = 6
"""Rows and columns of a patch of inputs."""
PRODUCTS = PATCH * PATCH
"""Numbers of a patch, and products for a pair of channels."""
