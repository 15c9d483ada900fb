"""Taps of a window on real inputs, and outputs with whole windows: padding without products."""
# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false

from netspec.kernels.cpu.language.jit import routine


@routine
def first_tap(position, dilation):
    """The first tap t with position + t*dilation >= 0."""
    return 0 if position >= 0 else (dilation - 1 - position) // dilation


@routine
def last_tap(position, dilation, taps, size):
    """One past the last tap t below `taps` with position + t*dilation < size; never negative."""
    if position + (taps - 1) * dilation < size:
        return taps
    return max(0, (size - position + dilation - 1) // dilation)


@routine
def first_output(offset, stride, outputs):
    """The first output o, at most `outputs`, with o*stride + offset >= 0."""
    return 0 if offset >= 0 else min(outputs, (stride - 1 - offset) // stride)


@routine
def last_output(offset, stride, outputs, size):
    """One past the last output o below `outputs` with o*stride + offset < size; never negative."""
    return max(0, min(outputs, (size - offset + stride - 1) // stride))
