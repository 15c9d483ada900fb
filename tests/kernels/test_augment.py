"""Minibatches that come in augmented: beside the definition, and the same bits however they are run."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.ir.augmentation import Augmentation
from netspec.ir.evaluate_augmentation import Draws, augmented
from netspec.passes.inference import inference
from netspec.runtime.feed import Pass, Source
from tests.ir.augmenting import ALL, SINGLE, augmentations, normal, pictures
from tests.kernels.backends import Backend
from tests.kernels.draws import TARGETS
from tests.kernels.harness import filled_machine
from tests.schedule.nets import experiment

SHAPES = st.tuples(st.sampled_from((1, 3)), st.integers(1, 9), st.integers(1, 9))
FAINT = Augmentation(1e-30, 1e-30, (1.0, 1.0), False, False, 1e-30, 2.0, 1e-30, 1e-30, 1e-30, 0)
"""Every kernel runs, and nothing that it adds is large enough to change a bit."""


def feed_of(images: Any, order: Any, pad: int | None, seed: int = 9, epoch: int = 4) -> Pass:
    """With a `pad` images are cropped at random."""
    how, crop = normal(images), "none" if pad is None else "random"
    source = Source(images, None, how.mean, how.scale, how.white)
    return Pass(source, order, crop=crop, pad=pad or 0, seed=seed, epoch=epoch)


def run(
    backend: Backend,
    what: Augmentation | None,
    feed: Pass,
    shape: tuple[int, int, int],
    *,
    batch: int = 16,
    threads: int = 1,
    target: int = 0,
) -> Any:
    """What reaches the input, (N, C, H, W), of a program whose memory held no numbers before."""
    net = experiment(f"net t {{\ninput {shape[0]}x{shape[1]}x{shape[2]}\nflatten\n}}")
    graph = inference(net.graph, None)
    machine = filled_machine(backend, graph, batch, target=target, threads=threads, augmentation=what)
    return machine.outputs(feed).arrays.reshape(-1, *shape)


def wanted(what: Augmentation, feed: Pass, shape: tuple[int, int, int]) -> Any:
    draws = Draws(feed.order, feed.seed, feed.epoch)
    pad, images = None if feed.crop == "none" else feed.pad, feed.source.images
    return augmented(images[feed.order], what, draws, normal(images), size=shape[1:], pad=pad)


def check(backend: Backend, what: Augmentation, feed: Pass, shape: tuple[int, int, int], **how: Any) -> None:
    right = wanted(what, feed, shape)
    np.testing.assert_allclose(
        run(backend, what, feed, shape, **how), right, rtol=0, atol=3e-5 * max(1, np.abs(right).max())
    )


@given(
    augmentations(),
    SHAPES,
    st.sampled_from((np.uint8, np.float32)),
    st.none() | st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 2)),
    TARGETS,
    st.integers(1, 20),
    st.integers(1, 3),
)
def test_kernels_agree_with_the_definition(
    backend: Backend,
    what: Augmentation,
    shape: tuple[int, int, int],
    dtype: Any,
    crop: tuple[int, int, int] | None,
    target: int,
    count: int,
    threads: int,
) -> None:
    spare_y, spare_x, pad = crop or (0, 0, 0)
    source = (shape[0], shape[1] + spare_y, shape[2] + spare_x)
    images = pictures(count + 3, source, dtype)
    order = np.random.default_rng(count).permutation(count + 3)[:count]
    feed = feed_of(images, order, None if crop is None else pad)
    check(backend, what, feed, shape, batch=9, threads=threads, target=target)


@pytest.mark.parametrize("name", SINGLE)
def test_each_transform_agrees_with_its_definition(backend: Backend, name: str) -> None:
    images = pictures(40, (3, 28, 31))
    check(backend, SINGLE[name], feed_of(images, np.arange(40), None), (3, 28, 31))


@pytest.mark.parametrize("seed", [0, 1, 2**63 + 5])
def test_seeds_of_64_bits_and_late_epochs_are_told_apart(backend: Backend, seed: int) -> None:
    images = pictures(20, (1, 6, 7))
    check(backend, ALL, feed_of(images, np.arange(20), None, seed, 2**31 + 3), (1, 6, 7))


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_at_strengths_that_vanish_not_a_bit_changes(backend: Backend, dtype: Any) -> None:
    for source, pad in (((3, 8, 7), None), ((3, 10, 12), 0)):
        feed = feed_of(pictures(40, source, dtype), np.arange(40), pad)
        np.testing.assert_array_equal(run(backend, FAINT, feed, (3, 8, 7)), run(backend, None, feed, (3, 8, 7)))


@pytest.mark.parametrize("name", ["mirror", "mirror vertical"])
def test_mirrored_images_are_exact(backend: Backend, name: str) -> None:
    images = pictures(40, (3, 8, 7))
    feed = feed_of(images, np.arange(40), None)
    whole, found = run(backend, None, feed, (3, 8, 7)), run(backend, SINGLE[name], feed, (3, 8, 7))
    flipped = whole[:, :, :, ::-1] if name == "mirror" else whole[:, :, ::-1]
    for seen, one, other in zip(found, whole, flipped, strict=True):
        assert np.array_equal(seen, one) != np.array_equal(seen, other)


def test_order_batch_target_and_threads_change_not_a_bit(backend: Backend) -> None:
    images, shape = pictures(50, (3, 9, 8)), (3, 9, 8)
    order = np.random.default_rng(1).permutation(50)
    first = run(backend, ALL, feed_of(images, np.arange(50), None), shape)
    for batch, threads, target in ((50, 1, 2), (16, 2, 0), (7, 3, 1), (1, 1, 0)):
        found = run(backend, ALL, feed_of(images, order, None), shape, batch=batch, threads=threads, target=target)
        np.testing.assert_array_equal(found, first[order])


def test_every_epoch_draws_anew(backend: Backend) -> None:
    images, shape = pictures(10, (1, 8, 8)), (1, 8, 8)
    first, second = (run(backend, ALL, feed_of(images, np.arange(10), None, epoch=epoch), shape) for epoch in (0, 1))
    assert not np.array_equal(first, second)


def test_vectors_take_noise_and_brightness(backend: Backend) -> None:
    images = pictures(20, (7, 1, 1), np.float32)
    check(backend, Augmentation(brightness=0.5, noise=0.1), feed_of(images, np.arange(20), None), (7, 1, 1))


@pytest.mark.parametrize("side", [17, 2**31, 2**32, 2**32 + 3, 2**40, 2**62])
def test_a_square_larger_than_the_image_cuts_all_of_it(backend: Backend, side: int) -> None:
    feed = feed_of(pictures(20, (3, 9, 8)), np.arange(20), None)
    assert not run(backend, Augmentation(cutout=side), feed, (3, 9, 8)).any()
