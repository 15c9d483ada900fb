"""Taps of a window on real inputs, and outputs with whole windows: padding without products.

Without a stride or a dilation nothing is divided: a division takes as long as many multiply-adds.
"""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from netspec.kernels.cpu.language.jit import routine


@routine
def _steps(distance, step):
    """The fewest steps that reach a distance above zero."""
    return distance if step == 1 else (distance + step - 1) // step


@routine
def first_tap(position, dilation):
    """The first tap t with position + t*dilation >= 0."""
    return 0 if position >= 0 else _steps(-position, dilation)


@routine
def last_tap(position, dilation, taps, size):
    """One past the last tap t below `taps` with position + t*dilation < size; never negative."""
    if position + (taps - 1) * dilation < size:
        return taps
    return 0 if position >= size else _steps(size - position, dilation)


@routine
def first_output(offset, stride, outputs):
    """The first output o, at most `outputs`, with o*stride + offset >= 0."""
    return 0 if offset >= 0 else min(outputs, _steps(-offset, stride))


@routine
def last_output(offset, stride, outputs, size):
    """One past the last output o below `outputs` with o*stride + offset < size; never negative."""
    return 0 if offset >= size else min(outputs, _steps(size - offset, stride))
