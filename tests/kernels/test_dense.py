"""Dense layers and their gradients beside the oracle."""

from hypothesis import given
from hypothesis import strategies as st

from netspec.ir import operations as ops
from netspec.ir.graph import Graph
from tests.kernels.backends import Backend
from tests.kernels.draws import IMAGES, TARGETS, THREADS
from tests.kernels.harness import agree, batched, one_operation, plain, random_arrays

SGD = (ops.SgdUpdate(0.0, False, 0.01, 2.0), ops.SgdUpdate(0.9, False, 0.01), ops.SgdUpdate(0.9, True, 0.0))
SHAPES = st.one_of(st.tuples(st.integers(1, 90)), st.tuples(st.integers(1, 4), st.integers(1, 5), st.integers(1, 5)))
OUTPUTS = st.sampled_from((1, 3, 4, 5, 11))


def forward(
    shape: tuple[int, ...], outputs: int, activation: ops.Activation, bias: bool, window: bool = False
) -> Graph:
    """With weights and outputs of a window that holds a whole map, if asked for."""
    x = batched("x", *shape)
    inputs = (x, plain("w", outputs, *(shape if window else (x.elements,))), plain("b", outputs))
    y = batched("y", outputs, *((1, 1) if window else ()))
    return one_operation(ops.Dense(activation), inputs[: 3 if bias else 2], (y,))


def gradients(shape: tuple[int, ...], outputs: int, window: bool = False) -> tuple[Graph, Graph]:
    x, dy = batched("x", *shape), batched("dy", outputs, *((1, 1) if window else ()))
    features = shape if window else (x.elements,)
    weight, dx, dw = plain("w", outputs, *features), batched("dx", *shape), plain("dw", outputs, *features)
    return (
        one_operation(ops.DenseInputGradient(), (dy, weight), (dx,)),
        one_operation(ops.DenseWeightGradient(), (x, dy), (dw,)),
    )


def update(shape: tuple[int, ...], outputs: int, nesterov: bool | None) -> Graph:
    """With no velocity where `nesterov` is None."""
    x, dy = batched("x", *shape), batched("dy", outputs)
    names = ("w",) if nesterov is None else ("w", "v")
    kept, made = ([plain(f"{new}{name}", outputs, x.elements) for name in names] for new in ("", "new_"))
    operation = ops.DenseWeightUpdate(SGD[0 if nesterov is None else 1 + nesterov])
    replaced = {name: f"new_{name}" for name in names}
    return one_operation(operation, (x, dy, *kept, plain("rate")), tuple(made), replaced)


@given(SHAPES, OUTPUTS, st.sampled_from(("identity", "relu", "sigmoid")), st.booleans(), IMAGES, TARGETS, THREADS)
def test_a_dense_layer_is_what_the_oracle_says(
    backend: Backend,
    shape: tuple[int, ...],
    outputs: int,
    function: ops.ActivationName,
    bias: bool,
    images: int,
    target: int,
    threads: int,
) -> None:
    graph = forward(shape, outputs, ops.Activation(function), bias)
    with backend.few_kernels():
        agree(backend, graph, random_arrays(graph, images), images=images, target=target, threads=threads)


@given(SHAPES, OUTPUTS, IMAGES, TARGETS, THREADS)
def test_its_gradients_are_what_the_oracle_says(
    backend: Backend, shape: tuple[int, ...], outputs: int, images: int, target: int, threads: int
) -> None:
    with backend.few_kernels():
        for graph in gradients(shape, outputs):
            agree(backend, graph, random_arrays(graph, images), images=images, target=target, threads=threads)


@given(SHAPES, OUTPUTS, st.sampled_from((None, False, True)), IMAGES, TARGETS, THREADS)
def test_its_update_is_what_the_oracle_says(
    backend: Backend,
    shape: tuple[int, ...],
    outputs: int,
    nesterov: bool | None,
    images: int,
    target: int,
    threads: int,
) -> None:
    graph = update(shape, outputs, nesterov)
    with backend.few_kernels():
        agree(backend, graph, random_arrays(graph, images), images=images, target=target, threads=threads)


@given(st.tuples(st.integers(1, 4), st.integers(1, 5), st.integers(1, 5)), OUTPUTS, IMAGES, TARGETS)
def test_a_window_that_holds_a_whole_map_is_one(
    backend: Backend, shape: tuple[int, int, int], outputs: int, images: int, target: int
) -> None:
    forwards = forward(shape, outputs, ops.Activation("tanh"), bias=True, window=True)
    with backend.few_kernels():
        for graph in (forwards, *gradients(shape, outputs, window=True)):
            agree(backend, graph, random_arrays(graph, images), images=images, target=target)


def test_a_short_batch_touches_live_groups_only(backend: Backend) -> None:
    with backend.few_kernels():
        for graph in (forward((7,), 5, ops.IDENTITY, bias=True), *gradients((7,), 5)):
            agree(backend, graph, random_arrays(graph, 18), images=18, batch=70)
