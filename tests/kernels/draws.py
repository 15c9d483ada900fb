"""What Hypothesis varies in every kernel: the target, the minibatch, shapes and windows."""

from typing import Any

from hypothesis import strategies as st

from netspec.ir.graph import Shape, Value
from netspec.ir.operations import Operation, Window
from netspec.ir.shapes import output_shapes, window_output
from tests.kernels.harness import Graph, batched, one_operation

TARGETS = st.integers(0, 11)
"""numbers of a backend's targets, counted round and round"""
FIRST_TARGETS = st.integers(0, 1)
"""for kernels that take long to compile"""
IMAGES = st.sampled_from((1, 2, 15, 16, 17, 33, 70))
THREADS = st.sampled_from((1, 1, 2, 3))
"""for machines that have threads"""


@st.composite
def runs(draw: st.DrawFn, targets: st.SearchStrategy[int] = TARGETS) -> dict[str, Any]:
    """Options of `agree`: a target, a minibatch of 1 to 40 images, the size it is planned for, at least that, and
    threads."""
    images = draw(st.integers(1, 40))
    batch = images + draw(st.sampled_from((0, 0, 1, 7, 20)))
    return {"target": draw(targets), "images": images, "batch": batch, "threads": draw(THREADS)}


images = st.tuples(st.integers(1, 6), st.integers(1, 9), st.integers(1, 9))
"""shapes of channels x height x width"""
shapes = st.one_of(images, st.tuples(st.integers(1, 200)))
"""any shape of an activation"""


def _axis(draw: st.DrawFn, size: int, most: int) -> tuple[int, int, int, int]:
    """kernel, stride, before, after of a window along one axis that holds a real pixel wherever it stands."""
    kernel = draw(st.integers(1, min(size, most)))
    stride = draw(st.integers(1, most))
    before = draw(st.integers(0, kernel // 2))
    after = draw(st.integers(0, kernel - 1))
    last = (size + before + after - kernel) // stride * stride - before
    return kernel, stride, before, after if last < size else min(after, kernel // 2)


@st.composite
def pooling(draw: st.DrawFn, most: int = 5) -> tuple[Shape, Window]:
    """A shape and a window over it, as `pool` makes them: now and then the common ones that have their own kernels."""
    c, h, w = draw(images)
    side = draw(st.sampled_from((0, 2, 3)))
    if side and min(h, w) >= side:
        stride = draw(st.sampled_from((side, 2)))
        before, after = (draw(st.tuples(st.integers(0, 1), st.integers(0, 1))) for _ in range(2))
        return (c, h, w), Window((side, side), (stride, stride), before, after)
    down, across = _axis(draw, h, most), _axis(draw, w, most)
    kernel, stride, before, after = zip(down, across, strict=True)
    return (c, h, w), Window(kernel, stride, before, after)


def fits(window: Window, shape: Shape) -> bool:
    """Whether every window has a place and sees a real pixel."""
    out = window_output(window, (shape[1], shape[2]))
    starts = ((n - 1) * s - b for n, s, b in zip(out, window.stride, window.before, strict=True))
    return min(out) >= 1 and all(start < size for start, size in zip(starts, shape[1:], strict=True))


def unary(operation: Operation, shape: Shape) -> Graph:
    """The graph of an operation from `x` to `y`."""
    (out,) = output_shapes(operation, (shape,))
    return one_operation(operation, (batched("x", *shape),), (batched("y", *out),))


def gradient(operation: Operation, saved: dict[str, Shape], dy: Shape, dx: Shape) -> Graph:
    """The graph of an operation from saved activations and `dy` to `dx`."""
    kept: tuple[Value, ...] = tuple(batched(name, *shape) for name, shape in saved.items())
    return one_operation(operation, (*kept, batched("dy", *dy)), (batched("dx", *dx),))
