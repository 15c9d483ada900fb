"""From `stride`, `pad`, `dilate` and `round` to the one form of a window that all later stages know."""

from __future__ import annotations

from netspec.ir.operations import Pair, Window


def convolution_window(kernel: Pair, stride: Pair, pad: Pair | str, dilation: Pair, size: Pair) -> Window:
    """The window of a conv over `size`. `pad=same` keeps ceil(size/stride), the odd row below and right."""
    if isinstance(pad, str):
        return _same_window(kernel, stride, dilation, size)
    return Window(kernel, stride, pad, pad, dilation)


def _same_window(kernel: Pair, stride: Pair, dilation: Pair, size: Pair) -> Window:
    total = tuple(
        _extra(-(-size[k] // stride[k]), stride[k], 1 + dilation[k] * (kernel[k] - 1), size[k]) for k in (0, 1)
    )
    before = (int(total[0]) // 2, int(total[1]) // 2)
    return Window(kernel, stride, before, (total[0] - before[0], total[1] - before[1]), dilation)


def _extra(count: int, stride: int, reach: int, size: int) -> int:
    """Rows beyond `size` that `count` windows need; none where a stride skips over them."""
    extra = (count - 1) * stride + reach - size
    return extra if extra > 0 else 0


def deconvolution_window(kernel: Pair, stride: Pair, pad: Pair | str) -> Window:
    """The window of the convolution that a deconv turns round. With `pad=same` it makes size times stride."""
    if isinstance(pad, str):
        total = (kernel[0] - stride[0], kernel[1] - stride[1])
        before = (int(total[0]) // 2, int(total[1]) // 2)
        return Window(kernel, stride, before, (total[0] - before[0], total[1] - before[1]))
    return Window(kernel, stride, pad, pad)


def pool_window(kernel: Pair, stride: Pair, pad: Pair, rounds_up: bool, size: Pair) -> Window:
    """The window of a pool over `size`; with `round=ceil` a last window may stick out, but must hold a real pixel."""
    if not rounds_up:
        return Window(kernel, stride, pad, pad)
    after = tuple(_after_ceil(kernel[k], stride[k], pad[k], size[k]) for k in (0, 1))
    return Window(kernel, stride, pad, (after[0], after[1]))


def _after_ceil(kernel: int, stride: int, pad: int, size: int) -> int:
    count = -(-(size + 2 * pad - kernel) // stride) + 1
    if (count - 1) * stride >= size + pad:
        count = count - 1
    extra = (count - 1) * stride + kernel - size - pad
    return extra if extra > pad else pad
