"""What was measured beside netspec is told, each peer with its best variant."""

import pytest

from netspec.bench.compare import Beside, Comparison, Timing
from netspec.bench.peers import ONNX_RUNTIME, TORCH
from netspec.bench.sides import Block, Job
from netspec.cli.show.comparison import comparison_document, comparison_remarks, show_comparison

JOB = Job("n", "n.net", "", (), (), 64, 2, None, predict=True)


def timing(name: str, seconds: float, rss_bytes: int | None = None) -> Timing:
    return Timing(name, (Block(seconds, 3.0),), rss_bytes)


def measured(*beside: Beside) -> Comparison:
    return Comparison(JOB, timing("netspec", 0.5, 2**27), beside, 60.0, 100.0, 1, 0)


PYTORCH = Beside(TORCH, (timing("contiguous", 2.0), timing("channels_last", 1.0, 2**28)))
ONNX = Beside(ONNX_RUNTIME, (timing("bound", 0.75, 2**26), timing("arrays", 0.9)))


def test_pytorch_keeps_its_own_keys_beside_others():
    told = comparison_document(measured(ONNX, PYTORCH))
    assert (told["torch_seconds"], told["torch_variant"], told["torch_rss_bytes"]) == (1.0, "channels_last", 2**28)
    assert told["ratio"] == 2.0
    assert told["peers"] == [
        {"peer": "onnxruntime", "seconds": 0.75, "variant": "bound", "ratio": 1.5, "rss_bytes": 2**26},
        {"peer": "torch", "seconds": 1.0, "variant": "channels_last", "ratio": 2.0, "rss_bytes": 2**28},
    ]
    assert told["variants"] == {
        "netspec": 0.5,
        "onnxruntime, bound": 0.75,
        "onnxruntime, arrays": 0.9,
        "contiguous": 2.0,
        "channels_last": 1.0,
    }
    assert told["involuntary_switches_a_second"] == dict.fromkeys(told["variants"], 3.0)


def test_what_was_not_measured_is_null():
    told = comparison_document(measured())
    assert told["peers"] == []
    assert {told[key] for key in ("torch_seconds", "torch_variant", "torch_rss_bytes", "ratio")} == {None}


def test_each_peer_has_its_ratio_and_its_memory(capsys: pytest.CaptureFixture[str]):
    show_comparison(measured(PYTORCH, ONNX))
    shown = capsys.readouterr().out
    assert "ratio: 2.00 (median of PyTorch's best variant, channels_last, over netspec's)" in shown
    assert "ratio: 1.50 (median of ONNX Runtime's best variant, bound, over netspec's)" in shown
    assert "included: netspec 128 MiB, PyTorch 256 MiB, ONNX Runtime 64 MiB" in shown
    assert "ONNX Runtime, arrays" in shown


def test_a_step_that_is_faster_than_the_peak_is_told():
    slow, fast = (
        Comparison(JOB, timing("netspec", 0.5), (), 60.0, 100.0, 1, 0, (), 10**9 * flops) for flops in (51, 60)
    )
    assert (comparison_remarks(slow), slow.products_of_peak) == ([], pytest.approx(1.02))
    assert [remark.partition(" of the peak")[0] for remark in comparison_remarks(fast)] == [
        "netspec's step does its products at 120%"
    ]
