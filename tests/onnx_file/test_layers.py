"""Layers with weights, in ONNX."""

import pytest

from tests.onnx_file.judge import agree, kinds, spec

pytest.importorskip("onnx", reason="onnx is not installed (extra `bench`)")
pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed (extra `bench`)")

BODIES = (
    "conv 3 4x3 stride=2 pad=same relu; conv 2 2 pad=same nobias tanh",
    "conv 4 3 dilate=2 pad=2; conv 4 3 groups=2; depthwise 3 pad=1 stride=2 nobias",
    "conv 3 2 pad=4; conv 2 1 stride=3 pad=2 relu",
    "conv 4 7x6 relu; dense 5",
    "conv 2 3 pad=1 sigmoid as one; conv 2 3 pad=1 tie=one sigmoid",
    "deconv 3 3 stride=2 pad=1 tanh; deconv 2 3x2 stride=2 pad=same",
    "deconv 2 2 stride=2 pad=3; deconv 1 1 stride=2 nobias",
    "local 3 3 stride=2 pad=same relu; local 2 2x1 nobias",
    "local 2 3 pad=1 as one; local 2 3 pad=1 tie=one tanh",
    "dense 5 nobias; dense 4 relu; dense 3",
)


@pytest.mark.parametrize("body", BODIES)
def test_a_body_is_the_oracles(body: str) -> None:
    agree(spec(body))


def test_a_flat_net_is_the_oracles() -> None:
    agree(spec("dense 5 relu; batchnorm; dense 3", "7"))


def test_an_image_is_flattened_before_a_dense_layer_alone() -> None:
    assert kinds("dense 5; dense 3") == ["Reshape", "Gemm", "Gemm"]


def test_a_border_is_padded_before_a_local_layer_alone() -> None:
    gathered = ["Reshape", "Gather", "Transpose", "MatMul", "Transpose", "Reshape", "Add"]
    assert kinds("local 2 3") == gathered
    assert kinds("local 2 3 pad=1") == ["Pad", *gathered]
