"""Progress of the validation losses: the best epoch, the reductions of the rate, and when to stop."""

from __future__ import annotations

from dataclasses import dataclass, replace

from netspec.ir.recipe import Schedule


@dataclass(frozen=True, slots=True)
class EarlyStopping:
    """An epoch makes progress where its validation loss is below all earlier ones; a tie is no progress.

    `lowest` is the lowest loss, None before the first; `best_epoch` is the first epoch with it, counted from one.
    `waited` counts epochs without progress since then, or since the plateau schedule last reduced the rate;
    `reductions` counts those reductions.
    """

    lowest: float | None = None
    best_epoch: int = 0
    waited: int = 0
    reductions: int = 0

    def after(self, epoch: int, loss: float, schedule: Schedule) -> EarlyStopping:
        """The state after the validation loss of one more epoch, counted from one."""
        if self.lowest is None or loss < self.lowest:
            return replace(self, lowest=loss, best_epoch=epoch, waited=0)
        waited = self.waited + 1
        if schedule.kind == "plateau" and waited >= schedule.patience:
            return replace(self, waited=0, reductions=self.reductions + 1)
        return replace(self, waited=waited)

    def exhausted(self, epochs: int, patience: int | None) -> bool:
        """Whether at least `patience` of the `epochs` done came after the best one."""
        return patience is not None and self.lowest is not None and epochs - self.best_epoch >= patience
