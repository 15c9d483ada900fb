from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from netspec.ir.graph import Shape
from netspec.ir.operations import Add, Concatenate, Slice
from tests.kernels.backends import Backend
from tests.kernels.draws import runs, shapes, unary
from tests.kernels.harness import agree, batched, one_operation, plain, random_arrays


@given(shapes, st.integers(1, 5), runs())
def test_sums_of_activations_agree_with_the_oracle(
    backend: Backend, shape: Shape, terms: int, run: dict[str, Any]
) -> None:
    inputs = tuple(batched(f"x{k}", *shape) for k in range(terms))
    graph = one_operation(Add(), inputs, (batched("y", *shape),))
    agree(backend, graph, random_arrays(graph, run["images"]), 1e-6, **run)


@given(shapes, st.integers(1, 5), runs())
def test_sums_of_gradients_of_tied_weights_agree_with_the_oracle(
    backend: Backend, shape: Shape, terms: int, run: dict[str, Any]
) -> None:
    inputs = tuple(plain(f"x{k}", *shape) for k in range(terms))
    graph = one_operation(Add(), inputs, (plain("y", *shape),))
    agree(backend, graph, random_arrays(graph, run["images"]), 1e-6, **run)


@given(st.lists(st.integers(1, 40), min_size=1, max_size=5), st.tuples(st.integers(1, 5), st.integers(1, 5)), runs())
def test_concatenation_agrees_with_the_oracle(
    backend: Backend, channels: list[int], size: Shape, run: dict[str, Any]
) -> None:
    inputs = tuple(batched(f"x{k}", c, *size) for k, c in enumerate(channels))
    graph = one_operation(Concatenate(), inputs, (batched("y", sum(channels), *size),))
    agree(backend, graph, random_arrays(graph, run["images"]), 0, **run)


@given(shapes, st.data(), runs())
def test_slices_agree_with_the_oracle(backend: Backend, shape: Shape, data: st.DataObject, run: dict[str, Any]) -> None:
    begin = data.draw(st.integers(0, shape[0] - 1))
    end = data.draw(st.integers(begin + 1, shape[0]))
    graph = unary(Slice(begin, end), shape)
    agree(backend, graph, random_arrays(graph, run["images"]), 0, **run)
