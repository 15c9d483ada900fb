"""Windows hold what `pad=same` and `round=ceil` add, so that one formula gives every output size."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from netspec.check.net.windows import convolution_window, deconvolution_window, pool_window
from netspec.ir.shapes import window_input, window_output

SIDES = st.integers(1, 40)


@given(SIDES, st.integers(1, 7), st.integers(1, 4), st.integers(1, 3))
def test_pad_same_keeps_the_ceiling_of_size_over_stride(size: int, kernel: int, stride: int, dilation: int) -> None:
    window = convolution_window((kernel, kernel), (stride, stride), "same", (dilation, dilation), (size, size))
    assert window_output(window, (size, size)) == (-(-size // stride),) * 2
    assert window.after[0] - window.before[0] in (0, 1)


@given(SIDES, st.integers(1, 7), st.integers(1, 4), st.data())
def test_rounding_up_gives_the_ceiling_unless_the_last_window_would_hold_no_pixel(
    size: int, kernel: int, stride: int, data: st.DataObject
) -> None:
    pad = data.draw(st.integers(0, kernel // 2))
    count = -(-(size + 2 * pad - kernel) // stride) + 1
    if (count - 1) * stride >= size + pad:
        count -= 1
    window = pool_window((kernel, kernel), (stride, stride), (pad, pad), True, (size, size))
    if count >= 1:
        assert window_output(window, (size, size)) == (count, count)
    else:
        assert window_output(window, (size, size))[0] < 1


@given(SIDES, st.integers(1, 4), st.integers(0, 3))
def test_a_deconv_with_pad_same_multiplies_the_size_by_its_stride(size: int, stride: int, more: int) -> None:
    window = deconvolution_window((stride + more, stride + more), (stride, stride), "same")
    assert window_input(window, (size, size)) == (size * stride, size * stride)
