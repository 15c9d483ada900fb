"""Rounds are interleaved, disturbed ones done again, and the best variant is what counts."""

from collections.abc import Iterator
from itertools import cycle
from typing import Any

import pytest

from netspec.bench import compare
from netspec.bench.compare import Comparison, Timing
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


def test_the_fastest_variant_of_pytorch_counts() -> None:
    ours, slow, fast = (
        Timing(name, tuple(Block(second, 0.0) for second in seconds))
        for name, seconds in (("netspec", (1.0, 1.0, 5.0)), ("slow", (4.0, 4.0, 1.0)), ("fast", (3.0, 2.0, 9.0)))
    )
    measured = Comparison(JOB, ours, (slow, fast), 100.0, 190.0, 3, 0)
    assert measured.best is fast
    assert measured.ratio == 3.0


def test_a_variant_that_does_not_run_is_left_out_with_a_remark(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> Iterator[None]:
        raise DeviceError("E622", "the torch side ended")

    monkeypatch.setattr(compare, "started", fails)
    remarks: list[str] = []
    with compare.ExitStack() as stack:
        assert compare._compiled(stack, JOB, remarks) == []
    assert len(remarks) == 2
    assert "the torch side ended" in remarks[0]
