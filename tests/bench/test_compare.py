"""Rounds are interleaved, disturbed ones done again, and the best variant is what counts."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle
from typing import Any

import pytest

from netspec.bench import compare
from netspec.bench.compare import Beside, Comparison, Timing
from netspec.bench.peers import FORMATS, OPENVINO, TORCH
from netspec.bench.sides import Block, Job, Variant
from netspec.diagnostics.failure import DeviceError

JOB = Job("n", "n.net", "", (), (), 64, 2, None)


class Scripted:
    """A side that answers from lists: peaks, seconds a step, switches a block; two threads reach 1.5 times a peak, but
    for `halved`."""

    def __init__(self, peaks: list[float], seconds: list[float], switches: list[int], halved: float = 0.0) -> None:
        self.peaks, self.seconds, self.switches = map(iter, (peaks, seconds, switches))
        self.halved, self.peak_switches = halved, cycle((1, 9))

    def ask(self, **request: Any) -> dict[str, Any]:
        if request.get("peak"):
            peak = next(self.peaks)
            together = (0.75 if peak == self.halved else 1.5) * peak
            return {"gflops": peak, "threads_gflops": together, "switches": next(self.peak_switches)}
        return {"seconds": [next(self.seconds)], "switches": next(self.switches)}


def rounds(
    peaks: list[float], seconds: list[float], switches: list[int], wanted: int, halved: float = 0.0
) -> compare.Rounds:
    side: Any = Scripted(peaks, seconds, switches, halved)
    seen: list[int] = []
    found = compare._interleave([Variant("netspec", side, {}, {})], 1, wanted, seen.append)
    assert seen == list(range(1, wanted + 1))
    return found


def kept(found: compare.Rounds) -> list[float]:
    return [block.seconds for block in found.blocks[0]]


def test_a_round_whose_peak_fell_is_done_again() -> None:
    found = rounds([100, 100, 100, 70, 100, 100], [1.0, 9.0, 1.5], [0, 0, 0], 2)
    assert (kept(found), found.discarded) == ([1.0, 1.5], 1)
    assert (found.peak_gflops, found.threads_peak_gflops) == (100, 150)


def test_a_round_in_which_threads_shared_a_core_is_done_again() -> None:
    found = rounds([100, 100, 99, 100, 100, 100], [1.0, 9.0, 1.5], [0, 0, 0], 2, halved=99)
    assert (kept(found), found.discarded) == ([1.0, 1.5], 1)


def test_a_round_whose_side_kept_losing_its_processor_is_done_again() -> None:
    found = rounds([100] * 4, [2.0, 1.0], [1000, 50], 1)
    assert (kept(found), found.discarded) == ([1.0], 1)


def test_a_machine_that_is_never_quiet_is_measured_all_the_same() -> None:
    found = rounds([100] * 10, [1.0] * 5, [1000] * 5, 2)
    assert (len(kept(found)), found.discarded) == (2, 2)


def timing(name: str, *seconds: float) -> Timing:
    return Timing(name, tuple(Block(second, 0.0) for second in seconds))


def test_the_fastest_variant_of_each_peer_counts() -> None:
    ours, slow, fast = timing("netspec", 1.0, 1.0, 5.0), timing("slow", 4.0, 4.0, 1.0), timing("fast", 3.0, 2.0, 9.0)
    beside = Beside(TORCH, (slow, fast)), Beside(OPENVINO, (slow,))
    measured = Comparison(JOB, ours, beside, 100.0, 190.0, 3, 0)
    assert [each.best for each in measured.beside] == [fast, slow]
    assert [measured.ratio(each) for each in measured.beside] == [3.0, 4.0]


def test_memory_is_that_of_the_fastest_variant(monkeypatch: pytest.MonkeyPatch) -> None:
    side: Any = None
    variants = [Variant(name, side, {}, {}) for name in ("slow", "fast")]
    monkeypatch.setattr(compare, "resident_bytes", lambda variant, _: {"fast": 7}[variant.name])
    blocks = iter([timing("slow", 3.0).blocks, timing("fast", 2.0).blocks, timing("another peer's", 1.0).blocks])
    found = compare._beside(TORCH, variants, blocks, JOB)
    assert [(each.name, each.rss_bytes) for each in found.variants] == [("slow", None), ("fast", 7)]
    assert next(blocks) == timing("another peer's", 1.0).blocks


def fails(*_: Any) -> Iterator[None]:
    raise DeviceError("E622", "the torch side ended")


def test_an_attempt_that_does_not_run_is_left_out_with_a_remark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare, "started", fails)
    remarks: list[str] = []
    with compare.ExitStack() as stack:
        assert compare._variants(stack, JOB, replace(TORCH, processes=()), remarks, compiled=True) == ()
    assert remarks == [f"torch.compile, {form}: left out, the torch side ended" for form in FORMATS]


def test_a_peer_that_does_not_run_ends_the_comparison(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare, "started", fails)
    with compare.ExitStack() as stack, pytest.raises(DeviceError):
        compare._variants(stack, JOB, TORCH, [], compiled=False)
