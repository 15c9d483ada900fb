"""Random numbers of GPUs beside those of the CPU: integers and uniform numbers are the same bits."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba.cuda import types

from netspec.ir.augmentation import Augmentation
from netspec.ir.graph import Initial
from netspec.ir.initialize import initialize
from netspec.ir.random import philox as philox_exactly
from netspec.kernels.cuda.language.random import philox
from netspec.kernels.cuda.language.threads import place
from tests.cuda_native.run import compile_kernel
from tests.ir.augmenting import SINGLE, pictures
from tests.kernels.cpu.backend import CPU
from tests.kernels.cuda.backend import BACKEND as CUDA
from tests.kernels.test_augment import feed_of, run
from tests.kernels.test_initial import drawn, kept

WORDS = st.integers(0, 2**32 - 1)
MOVED = {
    "crop": None,
    "shift": SINGLE["shift"],
    "mirror": SINGLE["mirror"],
    "mirror vertical": SINGLE["mirror vertical"],
    "cutout": SINGLE["cutout"],
    "together": Augmentation(shift=2.5, mirror=True, mirror_vertical=True, cutout=5),
}


def draw_words(into, first, second, stream, seed):
    """The four words of the counter (first, place, second, stream) for each of 32 threads."""
    i = place()
    words = philox(first, i, second, stream, seed)
    into[4 * i], into[4 * i + 1], into[4 * i + 2], into[4 * i + 3] = words


@given(WORDS, WORDS, WORDS, st.integers(-(2**63), 2**63 - 1))
def test_random_words_are_the_oracles_bits(first: int, second: int, stream: int, seed: int) -> None:
    words, pointer = types.uint32, types.CPointer(types.uint32)
    kernel = compile_kernel(draw_words, types.void(pointer, words, words, words, types.int64))
    found = np.zeros((32, 4), np.uint32)
    kernel.launch(1, 32, found, first, second, stream, seed)
    wanted = philox_exactly((first, np.arange(32), second, stream), seed % 2**64)
    np.testing.assert_array_equal(found, np.stack(wanted, axis=1))


@pytest.mark.parametrize("name", MOVED)
@pytest.mark.parametrize("seed", [3, 2**63 + 5])
def test_moved_images_are_the_cpus_bits(name: str, seed: int) -> None:
    images = pictures(60, (3, 20, 17))
    order = np.random.default_rng(seed).permutation(60)
    feed = feed_of(images, order, 3, seed, 2**31 + 7)
    found, wanted = (run(backend, MOVED[name], feed, (3, 16, 15)) for backend in (CUDA, CPU))
    np.testing.assert_array_equal(found, wanted)


def both(initial: Initial) -> tuple[Any, Any, Any]:
    """A million initial values, of the GPU, of the CPU and of the definition."""
    graph = kept([(initial, 1_000_001)])
    name = graph.parameters[0].value.name
    return drawn(CUDA, graph, 9)[name], drawn(CPU, graph, 9)[name], initialize(graph, 9)[name]


@pytest.mark.parametrize("initial", [Initial("uniform", 0.3), Initial("xavier", fan_in=30, fan_out=50)], ids=str)
def test_uniform_initial_values_are_the_cpus_bits(initial: Initial) -> None:
    found, cpus, _ = both(initial)
    np.testing.assert_array_equal(found, cpus)


@pytest.mark.parametrize(
    "initial", [Initial("normal", 1.0), Initial("normal", 0.01), Initial("he", fan_in=27)], ids=str
)
def test_normal_initial_values_are_right_to_two_units_in_the_last_place(initial: Initial) -> None:
    found, cpus, wanted = both(initial)
    assert units(found, wanted).max() <= 2
    assert units(found, cpus).max() <= 6  # the CPU's own are right to four


def units(found: Any, wanted: Any) -> Any:
    """How far float32 numbers are apart, in units of the last place of `wanted`.

    Numbers below 1e-10 are the cosine of a quarter turn, which is zero, and which float64 does not give exactly.
    """
    apart = np.abs(found.astype(np.float64) - wanted) / np.spacing(np.abs(wanted))
    return np.where((np.abs(wanted) < 1e-10) & (np.abs(found) < 1e-10), 0, apart)
