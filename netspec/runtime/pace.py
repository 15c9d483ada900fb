"""How many steps to give the device at once: about a tenth of a second's worth, so that Ctrl-C and progress work."""

from __future__ import annotations

from dataclasses import dataclass

CALL_SECONDS = 0.1


@dataclass
class Pace:
    """Learns from the calls so far. The first call is one step."""

    step_seconds: float = CALL_SECONDS
    reported_seconds: float = float("-inf")

    @property
    def steps(self) -> int:
        """Steps for the next call, at least one."""
        return max(1, int(CALL_SECONDS / self.step_seconds))

    def ran(self, steps: int, seconds: float) -> None:
        """A call of so many steps took so long. Trusts a faster call at once up to four times, a slower one fully."""
        self.step_seconds = max(seconds / steps, self.step_seconds / 4, 1e-7)

    def due(self, now_seconds: float) -> bool:
        """Whether it is time to report again; if so, takes it as reported."""
        if now_seconds - self.reported_seconds < CALL_SECONDS:
            return False
        self.reported_seconds = now_seconds
        return True
