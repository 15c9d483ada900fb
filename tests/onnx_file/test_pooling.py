"""Pools and their opposite, in ONNX."""

import pytest

from tests.onnx_file.judge import agree, kinds, spec

pytest.importorskip("onnx", reason="onnx is not installed (extra `bench`)")
pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed (extra `bench`)")

BODIES = (
    "pool max 3 stride=2 round=ceil; pool avg 2 stride=2 round=ceil",
    "pool max 3 stride=2 pad=1 round=ceil; pool avg 3 stride=2 pad=1 round=ceil",
    "pool avg 2 stride=3 round=ceil",
    "pool avg 2x3 stride=1x2 pad=1",
    "pool avg 1 stride=3",
    "pool max global",
    "pool avg global",
    "upsample 3; pool max 2",
)
COUNTING = (
    "pool avg 3 stride=2 pad=1 count_pad",
    "pool avg 3 stride=2 pad=1 round=ceil count_pad",
    "pool avg 2 stride=3 pad=1 round=ceil count_pad",
    "pool avg 4x3 stride=3 pad=2x1 round=ceil count_pad",
)


@pytest.mark.parametrize("body", [*BODIES, *COUNTING])
@pytest.mark.parametrize("image", ["2x7x6", "1x8x8", "3x9x5"])
def test_a_body_is_the_oracles(body: str, image: str) -> None:
    agree(spec(f"conv 3 1; {body}; dense 3", image))


def test_a_pool_over_the_whole_image_is_a_global_one() -> None:
    assert kinds("pool avg global") == ["GlobalAveragePool"]
    assert kinds("pool max 7x6") == ["GlobalMaxPool"]
    assert kinds("pool max 7x6 pad=1") == ["MaxPool"]


def test_only_what_round_ceil_adds_is_counted_apart() -> None:
    assert kinds("pool avg 3 stride=1 pad=1 count_pad round=ceil") == ["AveragePool"]
    assert kinds("pool avg 3 stride=2 pad=1 count_pad round=ceil") == ["AveragePool", "Mul"]
