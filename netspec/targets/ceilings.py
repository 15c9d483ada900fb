"""Ceilings of a device: what bounds the time of a launch from below."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ceilings:
    """Products at their fastest, and bytes to and from memory. `launch_seconds` is what a kernel takes besides, 0 where
    it is called as a function."""

    gflops: float
    gigabytes_a_second: float
    launch_seconds: float = 0.0

    def forecast_seconds(self, flops: int, moved_bytes: int, kernels: int = 1) -> float:
        """The least time for so much work, by so many kernels."""
        working = max(flops / (1e9 * self.gflops), moved_bytes / (1e9 * self.gigabytes_a_second))
        return working + kernels * self.launch_seconds
