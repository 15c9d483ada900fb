"""What a process holds, and how often it was interrupted."""

import mmap
import sys

import pytest

from netspec.bench.memory import involuntary_switches, take_peak_resident_bytes

MIB = 2**20


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux forgets a peak")
def test_a_peak_is_that_since_the_last_call() -> None:
    take_peak_resident_bytes()
    before = take_peak_resident_bytes()
    with mmap.mmap(-1, 64 * MIB) as fresh:  # not from the allocator, which may have that much resident already
        fresh.write(bytes(MIB) * 64)
    assert take_peak_resident_bytes() >= before + 60 * MIB
    assert take_peak_resident_bytes() < before + 30 * MIB


def test_interruptions_are_counted() -> None:
    first = involuntary_switches()
    assert 0 <= first <= involuntary_switches()
