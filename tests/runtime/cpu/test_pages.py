"""Memory of an arena: zeros, aligned, in huge pages where there are any."""

import mmap
from pathlib import Path

import pytest

from netspec.runtime.cpu import pages
from netspec.runtime.cpu.pages import HUGE_PAGE_BYTES, LEAST_BYTES, zeros

THP = Path("/sys/kernel/mm/transparent_hugepage/enabled")


@pytest.mark.parametrize("size_bytes", [0, 1, 4097, LEAST_BYTES - 1, LEAST_BYTES, 3 * HUGE_PAGE_BYTES + 5])
def test_memory_is_aligned_and_zero_and_can_be_written(size_bytes: int) -> None:
    memory = zeros(size_bytes)
    alignment = HUGE_PAGE_BYTES if size_bytes >= LEAST_BYTES and hasattr(mmap, "MADV_HUGEPAGE") else mmap.PAGESIZE
    assert memory.shape == (size_bytes,)
    assert not memory.any()
    memory[:] = 1
    assert size_bytes == 0 or memory.ctypes.data % alignment == 0


@pytest.mark.skipif(not THP.is_file() or "[never]" in THP.read_text(), reason="this system has no huge pages")
def test_large_memory_asks_for_huge_pages() -> None:
    memory = zeros(4 * HUGE_PAGE_BYTES)
    memory[:] = 1
    assert "hg" in _flags(memory.ctypes.data)


def test_a_system_without_huge_pages_gives_usual_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(pages.mmap, "MADV_HUGEPAGE", raising=False)
    assert not zeros(4 * HUGE_PAGE_BYTES).any()


def test_no_memory_is_a_memory_error() -> None:
    with pytest.raises(MemoryError):
        zeros(1 << 60)


def _flags(address: int) -> list[str]:
    """The flags that the kernel keeps of the mapping at an address."""
    here = False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        first, _, rest = line.partition(" ")
        if "-" in first and ":" not in first:
            begin, end = (int(part, 16) for part in first.split("-"))
            here = begin <= address < end
        elif here and first == "VmFlags:":
            return rest.split()
    return []
