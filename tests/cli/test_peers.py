"""`--against` names peers, each once, and losses are PyTorch's without being asked."""

import pytest

from netspec.bench.peers import ONNX_RUNTIME, TORCH
from netspec.cli import peers
from netspec.cli.peers import chosen_peers


@pytest.fixture(autouse=True)
def everything_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "find_module", lambda _: True)


def test_a_peer_that_is_named_twice_is_measured_once() -> None:
    names = ("onnxruntime", "torch", "onnxruntime")
    assert chosen_peers(names, predict=True, compiled=True, losses=False) == (ONNX_RUNTIME, TORCH)


def test_losses_are_compared_with_those_of_pytorch() -> None:
    assert chosen_peers((), predict=False, compiled=False, losses=True) == (TORCH,)


def test_without_a_name_there_is_no_peer() -> None:
    assert chosen_peers((), predict=False, compiled=False, losses=False) == ()
