"""What the validation losses have come to: how far the rate has fallen, when to stop, which epoch was the best."""

from __future__ import annotations

from dataclasses import dataclass, replace

from netspec.ir.recipe import Schedule


@dataclass(frozen=True, slots=True)
class EarlyStopping:
    """An epoch makes progress when its validation loss is below all before it; ties are no progress.

    `lowest` is the lowest loss (None before the first), met first in epoch `best_epoch`, counted from one. `waited`
    epochs without progress have passed since then, or since the plateau schedule last lowered the rate, which it has
    done `reductions` times.
    """

    lowest: float | None = None
    best_epoch: int = 0
    waited: int = 0
    reductions: int = 0

    def after(self, epoch: int, loss: float, schedule: Schedule) -> EarlyStopping:
        """With the validation loss of one more epoch, whose number counts from one."""
        if self.lowest is None or loss < self.lowest:
            return replace(self, lowest=loss, best_epoch=epoch, waited=0)
        waited = self.waited + 1
        if schedule.kind == "plateau" and waited >= schedule.patience:
            return replace(self, waited=0, reductions=self.reductions + 1)
        return replace(self, waited=waited)

    def exhausted(self, epochs: int, patience: int | None) -> bool:
        """Whether `patience` epochs, the last of the `epochs` done, have passed since the best one."""
        return patience is not None and self.lowest is not None and epochs - self.best_epoch >= patience
