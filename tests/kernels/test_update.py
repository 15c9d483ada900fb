from hypothesis import given
from hypothesis import strategies as st

from netspec.ir.graph import Shape
from netspec.ir.operations import SgdUpdate
from tests.kernels.backends import Backend
from tests.kernels.draws import TARGETS, shapes
from tests.kernels.harness import agree, one_operation, plain, random_arrays


@given(
    shapes,
    st.sampled_from((0.0, 0.9)),
    st.booleans(),
    st.sampled_from((0.0, 5e-4)),
    st.sampled_from((0.0, 1.0, 2.0)),
    TARGETS,
)
def test_steps_agree_with_the_oracle(
    backend: Backend, shape: Shape, momentum: float, nesterov: bool, decay: float, rate_factor: float, target: int
) -> None:
    names = ("w", "g", "v") if momentum else ("w", "g")
    made = ("new_w", "new_v") if momentum else ("new_w",)
    inputs = (*(plain(name, *shape) for name in names), plain("rate"))
    outputs = tuple(plain(name, *shape) for name in made)
    operation = SgdUpdate(momentum, nesterov and momentum > 0, decay, rate_factor)
    graph = one_operation(operation, inputs, outputs, {name: f"new_{name}" for name in ("w", "v") if name in names})
    agree(backend, graph, random_arrays(graph, 1), 1e-6, images=1, target=target)
