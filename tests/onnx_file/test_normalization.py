"""Normalisations, in ONNX."""

import pytest

from tests.onnx_file.judge import agree, kinds, spec

pytest.importorskip("onnx", reason="onnx is not installed (extra `bench`)")
pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed (extra `bench`)")

BODIES = (
    "conv 3 3 nobias; batchnorm momentum=0.8 relu; dense 5; batchnorm eps=1e-3",
    "batchnorm; relu; batchnorm",
    "lrn; conv 7 1; lrn size=3 alpha=0.5 beta=0.5 k=2",
    "conv 7 1; lrn size=4 alpha=0.9; lrn size=2 alpha=0.5 beta=1.5",
    "conv 7 1; lrn size=3 alpha=0; lrn size=3 beta=0; lrn size=1 alpha=0.3",
    "lrn size=9 alpha=2; dense 6; lrn size=3 alpha=0.5; lrn size=4 alpha=0.5",
)


@pytest.mark.parametrize("body", BODIES)
def test_a_body_is_the_oracles(body: str) -> None:
    agree(spec(body))


def test_a_window_of_even_size_is_written_in_parts() -> None:
    assert kinds("lrn size=5") == ["LRN"]
    assert kinds("lrn size=4") == ["Mul", "Reshape", "AveragePool", "Mul", "Add", "Pow", "Reshape", "Div"]
