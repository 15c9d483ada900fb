"""Products that cannot be left out, counted one by one."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.bench.products import launch_flops, least_flops, products_saved, real_taps
from netspec.compiler import training_program
from netspec.ir import operations as ops
from netspec.ir.operations import Window
from netspec.targets.cpu.processor import AVX512
from netspec.targets.cpu.program import Launch
from tests.check.reading_specs import examined

EXACT = replace(AVX512, exact=True)


def launches(text: str, *kinds: type) -> list[Launch]:
    """Those of a training step on 16 images that compute operations of these kinds, directly."""
    experiment, _ = examined(text)
    return [each for each in training_program(experiment, EXACT, 16).launches if isinstance(each.operation, kinds)]


@given(*(st.integers(low, high) for low, high in ((1, 9), (1, 9), (1, 5), (1, 3), (0, 5), (1, 3))))
def test_a_tap_counts_where_it_lies_on_a_pixel(
    size: int, positions: int, taps: int, stride: int, before: int, dilation: int
) -> None:
    window = Window((taps, 1), (stride, 1), (before, 0), (0, 0), (dilation, 1))
    places = (p * stride - before + t * dilation for p in range(positions) for t in range(taps))
    assert real_taps(window, 0, size, positions) == sum(0 <= place < size for place in places)


def test_padding_takes_no_products_of_any_pass() -> None:
    text = "net n {{ input 3x4x4; conv 5 1x1; {0}; dense 3 }}\n"
    passes = ops.Convolution, ops.ConvolutionInputGradient, ops.ConvolutionWeightGradient
    found = [launch for launch in launches(text.format("conv 7 3x3 pad=same"), *passes) if launch.layer == "conv2"]
    assert [least_flops(launch, 16) for launch in found] == [2 * 16 * 5 * 7 * 10 * 10] * 3
    assert [launch_flops(launch, 16) for launch in found] == [2 * 16 * 5 * 7 * 12 * 12] * 3


@pytest.mark.parametrize(
    "layer", ["conv 7 3x3", "deconv 7 2x2 stride=2", "dense 7", "local 7 3x3", "conv 10 1x1 stride=2 groups=5"]
)
def test_without_padding_every_product_counts(layer: str) -> None:
    found = launches(f"net n {{ input 3x5x5; conv 5 1x1; {layer}; dense 3 }}\n", object)
    assert any(launch_flops(launch, 16) for launch in found)
    assert [least_flops(launch, 16) for launch in found] == [launch_flops(launch, 16) for launch in found]


@pytest.mark.parametrize("layer", ["deconv 7 4x4 stride=2 pad=1", "local 7 3x3 pad=1", "conv 5 3x3 pad=1 groups=5"])
def test_padding_takes_no_products_of_other_sums(layer: str) -> None:
    found = launches(f"net n {{ input 3x5x5; conv 5 1x1; {layer}; dense 3 }}\n", object)
    slid = [launch for launch in found if launch.layer not in ("conv1", "dense1") and launch_flops(launch, 16)]
    assert len(slid) == 3
    assert all(least_flops(launch, 16) < launch_flops(launch, 16) for launch in slid)


def test_a_convolution_that_is_pooled_at_once_counts_as_it_is() -> None:
    (found,) = launches("net n { input 3x4x4; conv 7 3x3 pad=same; pool max 2; dense 3 }\n", ops.PooledConvolution)
    assert least_flops(found, 16) == 2 * 16 * 3 * 7 * 10 * 10


@pytest.mark.parametrize(("size", "saved"), [(3, 4.0), (5, 100 / 36)])
def test_winograd_does_fewer_products(size: int, saved: float) -> None:
    experiment, _ = examined(f"net n {{ input 32x16x16; conv 32 {size}x{size} pad=same; dense 3 }}\n")
    for target, products in ((AVX512, saved), (EXACT, 1.0)):
        steps = training_program(experiment, target, 32).launches
        forward = next(launch for launch in steps if isinstance(launch.operation, ops.Convolution))
        assert products_saved(forward) == pytest.approx(products)
        assert least_flops(forward, 32) <= launch_flops(forward, 32) / products
