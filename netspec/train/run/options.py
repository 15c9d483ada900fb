"""Options of a training that change no bit of its weights. A run keeps them, and a resumed training uses them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from netspec.train.run.cadence import Saving

Number = TypeVar("Number", int, float)
UNTOLD = Saving()


@dataclass(frozen=True, slots=True)
class RunOptions:
    """`saving` sets the checkpoints. With `statistics` the metrics contain those of every layer, with `tensorboard`
    event files are written too, and with `strict` a skipped data file is an error."""

    saving: Saving = UNTOLD
    statistics: bool = False
    tensorboard: bool = False
    strict: bool = False

    def over(self, before: RunOptions) -> RunOptions:
        """These options, with those of `before` as defaults."""
        return RunOptions(
            self.saving.over(before.saving),
            self.statistics or before.statistics,
            self.tensorboard or before.tensorboard,
            self.strict or before.strict,
        )


UNASKED = RunOptions()


def options_document(options: RunOptions) -> dict[str, Any]:
    """The options as a JSON object for `run.json`."""
    return asdict(options)


def options_of(document: Any) -> RunOptions:
    """The options from their JSON; defaults for a run of an older version. Raises as `document.run_of` does."""
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
