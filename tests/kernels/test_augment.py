"""Minibatches that come in augmented: beside the definition, and the same bits however they are run."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.compiler import evaluation_program, prediction_program, training_program
from netspec.ir.augmentation import Augmentation
from netspec.ir.evaluate_augmentation import Draws, augmented
from netspec.kernels.cpu.incoming.augment_draws import CUT_LEFT
from netspec.passes.inference import inference
from netspec.runtime.cpu.machine import CpuMachine
from netspec.runtime.feed import Pass, Source
from netspec.schedule.cpu.lower import lower
from netspec.targets.cpu.incoming import DRAW_ROWS
from netspec.targets.cpu.processor import AVX2, AVX512, NEON, CpuTarget
from tests.ir.augmenting import ALL, SINGLE, augmentations, normal, pictures
from tests.kernels.harness import CACHE_DIR
from tests.schedule.nets import experiment

SHAPES = st.tuples(st.sampled_from((1, 3)), st.integers(1, 9), st.integers(1, 9))
FAINT = Augmentation(1e-30, 1e-30, (1.0, 1.0), False, False, 1e-30, 2.0, 1e-30, 1e-30, 1e-30, 0)
"""Every kernel runs, and nothing that it adds is large enough to change a bit."""


def test_the_rows_that_are_named_have_room() -> None:
    assert CUT_LEFT < DRAW_ROWS


def feed_of(images: Any, order: Any, pad: int | None, seed: int = 9, epoch: int = 4) -> Pass:
    """With a `pad` images are cropped at random."""
    how, crop = normal(images), "none" if pad is None else "random"
    source = Source(images, None, how.mean, how.scale, how.white)
    return Pass(source, order, crop=crop, pad=pad or 0, seed=seed, epoch=epoch)


def run(
    what: Augmentation | None,
    feed: Pass,
    shape: tuple[int, int, int],
    *,
    batch: int = 16,
    threads: int = 1,
    target: CpuTarget = AVX512,
) -> Any:
    """What reaches the input, (N, C, H, W), of a program whose arena held no numbers before."""
    net = experiment(f"net t {{\ninput {shape[0]}x{shape[1]}x{shape[2]}\nflatten\n}}")
    machine = CpuMachine(lower(inference(net.graph, None), target, batch, what), threads, cache_dir=CACHE_DIR)
    machine.arena[:] = np.nan
    return machine.outputs(feed).arrays.reshape(-1, *shape)


def wanted(what: Augmentation, feed: Pass, shape: tuple[int, int, int]) -> Any:
    draws = Draws(feed.order, feed.seed, feed.epoch)
    pad, images = None if feed.crop == "none" else feed.pad, feed.source.images
    return augmented(images[feed.order], what, draws, normal(images), size=shape[1:], pad=pad)


def check(what: Augmentation, feed: Pass, shape: tuple[int, int, int], **how: Any) -> None:
    right = wanted(what, feed, shape)
    np.testing.assert_allclose(run(what, feed, shape, **how), right, rtol=0, atol=3e-5 * max(1, np.abs(right).max()))


@given(
    augmentations(),
    SHAPES,
    st.sampled_from((np.uint8, np.float32)),
    st.none() | st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 2)),
    st.sampled_from((AVX512, AVX2, NEON)),
    st.integers(1, 20),
    st.integers(1, 3),
)
def test_kernels_agree_with_the_definition(
    what: Augmentation,
    shape: tuple[int, int, int],
    dtype: Any,
    crop: tuple[int, int, int] | None,
    target: CpuTarget,
    count: int,
    threads: int,
) -> None:
    spare_y, spare_x, pad = crop or (0, 0, 0)
    source = (shape[0], shape[1] + spare_y, shape[2] + spare_x)
    images = pictures(count + 3, source, dtype)
    order = np.random.default_rng(count).permutation(count + 3)[:count]
    feed = feed_of(images, order, None if crop is None else pad)
    check(what, feed, shape, batch=9, threads=threads, target=target)


@pytest.mark.parametrize("name", SINGLE)
def test_each_transform_agrees_with_its_definition(name: str) -> None:
    images = pictures(40, (3, 28, 31))
    check(SINGLE[name], feed_of(images, np.arange(40), None), (3, 28, 31))


@pytest.mark.parametrize("seed", [0, 1, 2**63 + 5])
def test_seeds_of_64_bits_and_late_epochs_are_told_apart(seed: int) -> None:
    images = pictures(20, (1, 6, 7))
    check(ALL, feed_of(images, np.arange(20), None, seed, 2**31 + 3), (1, 6, 7))


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_at_strengths_that_vanish_not_a_bit_changes(dtype: Any) -> None:
    for source, pad in (((3, 8, 7), None), ((3, 10, 12), 0)):
        feed = feed_of(pictures(40, source, dtype), np.arange(40), pad)
        np.testing.assert_array_equal(run(FAINT, feed, (3, 8, 7)), run(None, feed, (3, 8, 7)))


@pytest.mark.parametrize("name", ["mirror", "mirror vertical"])
def test_mirrored_images_are_exact(name: str) -> None:
    images = pictures(40, (3, 8, 7))
    feed = feed_of(images, np.arange(40), None)
    whole, found = run(None, feed, (3, 8, 7)), run(SINGLE[name], feed, (3, 8, 7))
    flipped = whole[:, :, :, ::-1] if name == "mirror" else whole[:, :, ::-1]
    for seen, one, other in zip(found, whole, flipped, strict=True):
        assert np.array_equal(seen, one) != np.array_equal(seen, other)


def test_order_batch_lanes_and_threads_change_not_a_bit() -> None:
    images, shape = pictures(50, (3, 9, 8)), (3, 9, 8)
    order = np.random.default_rng(1).permutation(50)
    first = run(ALL, feed_of(images, np.arange(50), None), shape)
    for batch, threads, target in ((50, 1, AVX2), (16, 2, AVX512), (7, 3, NEON), (1, 1, AVX512)):
        found = run(ALL, feed_of(images, order, None), shape, batch=batch, threads=threads, target=target)
        np.testing.assert_array_equal(found, first[order])


def test_every_epoch_draws_anew() -> None:
    images, shape = pictures(10, (1, 8, 8)), (1, 8, 8)
    first, second = (run(ALL, feed_of(images, np.arange(10), None, epoch=epoch), shape) for epoch in (0, 1))
    assert not np.array_equal(first, second)


def test_vectors_take_noise_and_brightness() -> None:
    images = pictures(20, (7, 1, 1), np.float32)
    check(Augmentation(brightness=0.5, noise=0.1), feed_of(images, np.arange(20), None), (7, 1, 1))


def test_only_training_augments() -> None:
    net = experiment("net t {\ninput 1x8x8\ndense 2\n}\naugment { shift 1; crop 8x8 pad=2 }")
    assert training_program(net, AVX512, 16).augmenting is not None
    assert evaluation_program(net, AVX512, 16).augmenting is None
    assert prediction_program(net, AVX512, 16).augmenting is None
