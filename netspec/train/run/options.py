"""What a person asks of a training that changes no bit of its weights: a run keeps it, and goes on with it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from netspec.train.run.cadence import Saving

Number = TypeVar("Number", int, float)
UNTOLD = Saving()


@dataclass(frozen=True, slots=True)
class RunOptions:
    """When checkpoints are written; with `statistics` the metrics tell of every layer; with `tensorboard` there are
    event files too; with `strict` a data file that is skipped is an error."""

    saving: Saving = UNTOLD
    statistics: bool = False
    tensorboard: bool = False
    strict: bool = False

    def over(self, before: RunOptions) -> RunOptions:
        """What is asked here, and else what was asked before."""
        return RunOptions(
            self.saving.over(before.saving),
            self.statistics or before.statistics,
            self.tensorboard or before.tensorboard,
            self.strict or before.strict,
        )


UNASKED = RunOptions()


def options_document(options: RunOptions) -> dict[str, Any]:
    """The options as `run.json` holds them."""
    return asdict(options)


def options_of(document: Any) -> RunOptions:
    """The options from their JSON; none of a run that an older version made. Raises as `run_document.run_of`."""
    if document is None:
        return UNASKED
    steps, seconds, keep = (document["saving"][name] for name in ("steps", "seconds", "keep"))
    saving = Saving(
        None if steps is None else _above_zero(int(steps)),
        None if seconds is None else _above_zero(float(seconds)),
        None if keep is None else _above_zero(int(keep)),
    )
    return RunOptions(saving, *(bool(document[name]) for name in ("statistics", "tensorboard", "strict")))


def _above_zero(number: Number) -> Number:
    if not number > 0:
        raise ValueError(f"{number}, where a number above zero belongs")
    return number
