"""Sizes of memory that planning, kernels and counting agree on."""

FLOAT_BYTES = 4
"""of a number: float32, or int32"""
PAGE_BYTES = 4096
"""Places a multiple of so many bytes apart share the few sets of a cache."""
