"""The geometry of one axis of a sliding window, for convolution and for its transpose.

Output o of an axis sums inputs o*stride - before + t*dilation over the taps t for which this index is in [0, size). The
transpose, which gathers cotangents of outputs into those of inputs, consists of sums of the same form: one for each
phase of the stride.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd

from netspec.ir.operations import Window


@dataclass(frozen=True, slots=True)
class Axis:
    """A sliding sum along one axis. Output o is stored at out_first + o*out_step, and tap t is tap number tap_first +
    t*tap_step of the weights. `before` may be negative."""

    size: int
    outputs: int
    taps: int
    stride: int
    dilation: int
    before: int
    out_first: int = 0
    out_step: int = 1
    tap_first: int = 0
    tap_step: int = 1


def forward_axis(window: Window, axis: int, size: int, outputs: int) -> Axis:
    """The window along axis 0 (height) or 1 (width), over `size` inputs."""
    return Axis(size, outputs, window.kernel[axis], window.stride[axis], window.dilation[axis], window.before[axis])


def adjoint_axes(window: Window, axis: int, size: int, outputs: int) -> tuple[Axis, ...]:
    """The transpose of `forward_axis`: from `outputs` cotangents to those of `size` inputs, a sum for each phase.

    Input i has phase i mod stride. It gets output o through tap t where i + before - t*dilation = o*stride; in each
    phase such taps are `every` apart and their outputs dilation*every/stride. A phase may have no tap: it sums to zero.
    """
    stride, dilation = window.stride[axis], window.dilation[axis]
    every = stride // gcd(stride, dilation)
    reach = every * dilation // stride
    phases: list[Axis] = []
    for phase in range(min(stride, size)):
        shifted = phase + window.before[axis]
        usable = [t for t in range(min(every, window.kernel[axis])) if (shifted - t * dilation) % stride == 0]
        first = usable[0] if usable else 0
        taps = -(-(window.kernel[axis] - first) // every) if usable else 0
        start = (shifted - first * dilation) // stride
        phases.append(
            Axis(
                size=outputs,
                outputs=-(-(size - phase) // stride),
                taps=taps,
                stride=1,
                dilation=reach,
                before=(taps - 1) * reach - start,
                out_first=phase,
                out_step=stride,
                tap_first=first + (taps - 1) * every,
                tap_step=-every,
            )
        )
    return tuple(phases)
