"""Sums of arrays, and copies of channels."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from numba import int32

from netspec.kernels.cuda.language.jit import routine
from netspec.kernels.cuda.language.threads import place, quotient


@routine
def sum_of_terms(a, b, c, d, i, terms):
    """Number i of the first `terms` arrays, added from left to right."""
    total = a[i]
    if terms > 1:
        total += b[i]
    if terms > 2:
        total += c[i]
    if terms > 3:
        total += d[i]
    return total


def add(y, a, b, c, d, images, s):
    """y = a + b + c + d, as many of them as there are terms; a thread a number."""
    i = place()
    if i < images * s.elements:
        y[i] = sum_of_terms(a, b, c, d, i, s.terms)


def copy_part(y, x, images, s):
    """A part of each image of x to a part of each image of y; a thread a number."""
    t = place()
    if t >= images * s.elements:
        return
    n = quotient(t, int32(s.elements))
    e = int32(t - n * s.elements)
    y[n * s.result_elements + s.first + e] = x[n * s.source_elements + s.source_first + e]
