"""Operations without weights or windows, in ONNX."""

import pytest

from tests.onnx_file.judge import agree, kinds, spec

pytest.importorskip("onnx", reason="onnx is not installed (extra `bench`)")
pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed (extra `bench`)")

FUNCTIONS = ("relu", "relu6", "leaky_relu", "leaky_relu(0)", "leaky_relu(1.5)", "elu", "gelu", "silu", "softplus")
BODIES = (
    "maxout 2; dense 6; maxout 3",
    "conv 4 3; maxout 2; batchnorm; dense 6; maxout 2; batchnorm; dense 3; maxout 1; batchnorm; dense 2",
    "dropout 0.5; dense 4; dropout 0.25",
    "softmax; flatten; dense 4; softmax",
    "sum { conv 2 1 } {} { pool max 3 stride=1 pad=1 } relu",
    "sum {} {} {}",
    "concat { conv 2 1 } {} {}",
)


@pytest.mark.parametrize("function", [*FUNCTIONS, "sigmoid", "tanh"])
def test_an_activation_is_the_oracles(function: str) -> None:
    agree(spec(f"{function.replace('(', ' ').replace(')', '')}; conv 3 3 {function}; dense 4 {function}"))


@pytest.mark.parametrize("body", BODIES)
def test_a_body_is_the_oracles(body: str) -> None:
    agree(spec(body))


def test_gelu_is_one_operator_and_a_sum_a_chain() -> None:
    assert kinds("gelu") == ["Gelu"]
    assert kinds("sum {} {} {}") == ["Add", "Add"]
