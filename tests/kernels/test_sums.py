"""Sums over images beside the oracle."""

from hypothesis import given
from hypothesis import strategies as st

from netspec.ir import operations as ops
from tests.kernels.backends import Backend
from tests.kernels.draws import IMAGES, TARGETS, THREADS
from tests.kernels.harness import agree, batched, one_operation, plain, random_arrays


@given(st.sampled_from((1, 2, 8, 11)), st.integers(1, 5), st.integers(1, 5), IMAGES, TARGETS, THREADS)
def test_channels_are_summed_over_images_and_positions(
    backend: Backend, c: int, h: int, w: int, images: int, target: int, threads: int
) -> None:
    graph = one_operation(ops.ChannelSum(), (batched("dy", c, h, w),), (plain("db", c),))
    agree(backend, graph, random_arrays(graph, images), images=images, target=target, threads=threads)


@given(st.sampled_from(((1,), (8,), (3, 4, 2), (11, 1, 1))), IMAGES, TARGETS, THREADS)
def test_elements_are_summed_over_images(
    backend: Backend, shape: tuple[int, ...], images: int, target: int, threads: int
) -> None:
    graph = one_operation(ops.BatchSum(), (batched("dy", *shape),), (plain("db", *shape),))
    agree(backend, graph, random_arrays(graph, images), images=images, target=target, threads=threads)
