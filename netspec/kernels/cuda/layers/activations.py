"""Activations as layers of their own."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from numba import float32

from netspec.kernels.cuda.language.activation import activate, derivative
from netspec.kernels.cuda.language.threads import place


def activation(y, x, images, s, slope):
    """y = activation(x); a thread a number."""
    i = place()
    if i < images * s.elements:
        y[i] = activate(x[i], s.activation, slope)


def activation_gradient(dx, saved, dy, images, s, slope):
    """dx = dy * derivative; `saved` is the activation's input for gelu and silu, else its output."""
    i = place()
    if i < images * s.elements:
        dx[i] = dy[i] * derivative(saved[i], s.activation, slope)


def guided_gradient(dx, y, dy, images, s):
    """dx = the positive part of dy * derivative, of a rectifier whose output is y; NaN stays NaN."""
    i = place()
    if i < images * s.elements:
        rising = float32(0) if dy[i] <= float32(0) else dy[i]
        dx[i] = rising * derivative(y[i], s.activation, float32(0))
