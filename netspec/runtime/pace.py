"""Number of steps per call of the device: about a tenth of a second, so that Ctrl-C and progress are handled soon."""

from __future__ import annotations

from dataclasses import dataclass

CALL_SECONDS = 0.1


@dataclass
class Pace:
    """Estimate of a step's time from the calls so far. The first call has one step."""

    step_seconds: float = CALL_SECONDS
    reported_seconds: float = float("-inf")

    @property
    def steps(self) -> int:
        """Steps for the next call, at least one."""
        return max(1, int(CALL_SECONDS / self.step_seconds))

    def ran(self, steps: int, seconds: float) -> None:
        """Updates the estimate by a call of `steps` that took `seconds`. It falls by at most a factor of four per call,
        and rises without limit."""
        self.step_seconds = max(seconds / steps, self.step_seconds / 4, 1e-7)

    def due(self, now_seconds: float) -> bool:
        """Whether the next report is due; if so, counts it as given at `now_seconds`."""
        if now_seconds - self.reported_seconds < CALL_SECONDS:
            return False
        self.reported_seconds = now_seconds
        return True
