"""Steps beside PyTorch's, whose CPU build stands for the GPU here."""

from collections.abc import Iterator
from time import monotonic, perf_counter, sleep
from typing import Any

import pytest

from netspec.bench.suite import ratios
from netspec.bench.suite.ratios import judge_ratios, limited
from netspec.bench.suite.row import Deadline, Row
from netspec.runtime.cuda.device import CudaDevice

SPEC, BATCH = "lecture", 4


def judged(device: CudaDevice, seconds: float = 600) -> Row:
    ends = Deadline(perf_counter() + seconds)
    (row,) = judge_ratios(device, ends, (SPEC,), BATCH, rounds=2, torch_device="cpu")
    return row


def test_without_pytorch_netspec_s_times_stand_alone(device: CudaDevice, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ratios, "find_spec", lambda _: None)
    row = judged(device)
    assert (row.name, row.verdict, row.remark) == (SPEC, "skipped", "PyTorch is not installed")
    assert row.figures["ratio"] is row.figures["torch_ms"] is None
    median, least = row.figures["netspec_ms"], row.figures["netspec_least_ms"]
    assert isinstance(median, float)
    assert isinstance(least, float)
    assert 0 < least <= median


def test_a_net_that_cannot_be_run_fails_and_the_next_one_follows(device: CudaDevice, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ratios, "find_spec", lambda _: None)
    rows = judge_ratios(device, Deadline(perf_counter() + 600), ("no_such_spec", SPEC), BATCH, 1)
    assert [(row.name, row.verdict, row.remark) for row in rows] == [
        ("no_such_spec", "failed", "KeyError: 'no_such_spec'"),
        (SPEC, "skipped", "PyTorch is not installed"),
    ]


def test_a_net_that_is_not_reached_in_time_fails(device: CudaDevice):
    row = judged(device, seconds=-1)
    assert (row.verdict, row.remark) == ("failed", "out of time")


def test_a_limit_ends_what_takes_too_long():
    begun = monotonic()
    with pytest.raises(TimeoutError, match="longer than 0 s"), limited(0.05):
        sleep(60)
    assert monotonic() - begun < 30


def test_a_limit_that_was_kept_ends_nothing_later():
    with limited(0.05):
        pass
    sleep(0.1)
    with limited(None):
        sleep(0.1)


class TestBesidePyTorch:
    """With its CPU build."""

    @pytest.fixture(autouse=True)
    def one_thread(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        torch = pytest.importorskip("torch")
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        monkeypatch.setattr(ratios, "BLOCK_SECONDS", 0.02)
        yield
        torch.set_num_threads(threads)

    def test_the_fastest_variant_counts(self, device: CudaDevice):
        row = judged(device)
        assert (row.verdict, row.remark) == ("passed", "")
        ours, theirs, ratio = (row.figures[key] for key in ("netspec_ms", "torch_ms", "ratio"))
        assert isinstance(ours, float)
        assert isinstance(theirs, float)
        assert ratio == pytest.approx(theirs / ours)
        assert str(row.figures["torch_variant"]).startswith("eager")

    def test_a_promise_that_is_missed_fails_on_its_gpu_alone(self, device: CudaDevice, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(ratios, "PROMISED", {SPEC: 1e9})
        assert judged(device).verdict == "passed"
        monkeypatch.setattr(type(device.driver), "name", "NVIDIA H200")
        row = judged(device)
        assert (row.verdict, row.remark, row.figures["promised_ratio"]) == ("failed", "below what is promised", 1e9)

    def test_a_variant_that_cannot_run_is_left_out(self, device: CudaDevice, monkeypatch: pytest.MonkeyPatch):
        side = pytest.importorskip("netspec.bench.suite.torch_steps")
        steps_of = side.steps_of

        def without_benchmark(experiment: Any, batch: int, variant: Any, torch_device: str) -> Any:
            if variant.benchmark:
                raise RuntimeError("no such algorithm\nand more")
            return steps_of(experiment, batch, variant, torch_device)

        monkeypatch.setattr(side, "steps_of", without_benchmark)
        row = judged(device)
        assert (row.verdict, row.figures["torch_variant"]) == ("passed", "eager")
        assert "eager, cudnn.benchmark: RuntimeError: no such algorithm; eager, channels_last" in row.remark

    def test_a_gpu_that_pytorch_cannot_use_is_skipped(self, device: CudaDevice, monkeypatch: pytest.MonkeyPatch):
        torch = pytest.importorskip("torch")
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        ends = Deadline(perf_counter() + 600)
        (row,) = judge_ratios(device, ends, (SPEC,), BATCH, rounds=1, torch_device="cuda")
        assert (row.verdict, row.remark) == ("skipped", f"PyTorch {torch.__version__} finds no GPU")

    def test_the_nets_are_trained_in_the_variants_of_a_gpu(self):
        side = pytest.importorskip("netspec.bench.suite.torch_steps")
        assert [variant.name for variant in side.variants("cuda")] == [
            "eager",
            "eager, cudnn.benchmark",
            "eager, channels_last, cudnn.benchmark",
            "graph, cudnn.benchmark",
            "graph, channels_last, cudnn.benchmark",
            "graph, cudnn.benchmark, torch.compile",
        ]
