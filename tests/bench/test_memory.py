"""What a process holds, and how often it was interrupted."""

import sys

import numpy as np
import pytest

from netspec.bench.memory import involuntary_switches, take_peak_resident_bytes

MIB = 2**20


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux forgets a peak")
def test_a_peak_is_that_since_the_last_call() -> None:
    take_peak_resident_bytes()
    before = take_peak_resident_bytes()
    filled = np.ones(64 * MIB, np.uint8)
    del filled
    assert take_peak_resident_bytes() >= before + 60 * MIB
    assert take_peak_resident_bytes() < before + 30 * MIB


def test_interruptions_are_counted() -> None:
    first = involuntary_switches()
    assert 0 <= first <= involuntary_switches()
