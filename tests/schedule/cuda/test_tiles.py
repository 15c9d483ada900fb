"""Tiles of matrix products: what is chosen, and that a choice covers the product."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.schedule.cuda.tiles import LEAST_DEPTH, TILINGS, Choice, Product, choose
from netspec.targets.cuda.processor import SM_80, SM_90
from netspec.targets.cuda.sizes import Tiling

LARGE, WIDE, SMALL, LOW = TILINGS
SIZES = st.integers(1, 5000)
PRODUCTS = st.builds(Product, SIZES, SIZES, SIZES, st.integers(1, 64), st.sampled_from((0, 1, 8)), st.booleans())


@pytest.mark.parametrize(
    ("product", "tiling"),
    [
        (Product(512, 128 * 28 * 28, 4608), LARGE),  # vgg16, conv4 of batch 128
        (Product(64, 128 * 112 * 112, 576), WIDE),  # its conv1
        (Product(32, 128 * 32 * 32, 75), LOW),  # cifar10_quick, conv1
        (Product(128, 4096, 25088, scattered=True), LARGE),  # its dense1
        (Product(1, 128 * 56 * 56, 9, groups=144), None),  # a depthwise layer
        (Product(128, 10, 64, scattered=True), None),  # a classifier
        (Product(8, 9, 32 * 64, shares=8), None),  # the first layer of digits, backward
    ],
)
def test_a_product_takes_the_tile_that_it_fills(product: Product, tiling: Tiling | None) -> None:
    choice = choose(product, SM_90)
    assert (choice and choice.tiling) == tiling


def test_a_deep_product_of_few_tiles_is_divided_among_blocks() -> None:
    product = Product(512, 256, 4608)
    choice = choose(product, SM_90)
    assert choice is not None
    assert choice.parts > 1
    assert choose(replace(product, shares=0), SM_90) in (None, *(Choice(tiling, 1) for tiling in TILINGS))


@given(PRODUCTS, st.sampled_from((SM_80, SM_90)))
def test_chunks_are_deep_and_blocks_are_few(product: Product, target) -> None:
    choice = choose(product, target)
    if choice is None:
        return
    assert choice.parts == 1 or product.depth // choice.parts >= LEAST_DEPTH
    assert choice.parts == 1 or product.shares > 0
    # not more than twice what the target can hold, where the depth is divided
    assert choice.parts == 1 or product.tiles(choice.tiling) * choice.parts < 2 * 3 * target.multiprocessors
