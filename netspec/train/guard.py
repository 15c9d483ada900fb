"""A training whose numbers are no longer finite ends, and is told what usually helps."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from netspec.diagnostics.failure import DivergedError
from netspec.ir.recipe import Experiment
from netspec.train.events import Phase
from netspec.train.scores import Array, Scores, Weights


@dataclass(frozen=True, slots=True)
class Guard:
    """Judges what the steps of an experiment leave behind. Everything it finds is a DivergedError (E460)."""

    experiment: Experiment

    def check_steps(self, metrics: Array, step: int, rate: float) -> None:
        """`metrics` (steps, 2) of a call at this rate, `step` steps after the start; names the first whose loss is
        infinite or not a number."""
        broken = np.flatnonzero(~np.isfinite(metrics[:, 0]))
        if len(broken):
            number, loss = step + int(broken[0]) + 1, float(metrics[broken[0], 0])
            raise self._diverged(f"the loss of step {number:,} is {_kind(loss)}", rate)

    def check_scores(self, phase: Phase, scores: Scores, step: int, rate: float) -> Scores:
        """The scores, unless the last steps have ruined the weights."""
        if not math.isfinite(scores.loss):
            raise self._diverged(f"the {phase} loss after step {step:,} is {_kind(scores.loss)}", rate)
        return scores

    def check_weights(self, weights: Weights, step: int, rate: float) -> None:
        """Where nothing is measured, only the weights tell what the last step did."""
        broken = next((name for name, array in weights.items() if not np.isfinite(array).all()), None)
        if broken is not None:
            raise self._diverged(f"`{broken}` is not finite after step {step:,}", rate)

    def _diverged(self, how: str, rate: float) -> DivergedError:
        notes = (f"the learning rate of that step was {rate:g}",)
        return DivergedError("E460", f"training diverged: {how}", notes=notes, helps=self._what_helps())

    def _what_helps(self) -> tuple[str, ...]:
        recipe, data = self.experiment.train, self.experiment.data
        helps = [f"a smaller learning rate usually helps: `--set train.sgd.rate={recipe.sgd.rate / 10:g}`"]
        if not recipe.schedule.warmup:
            helps.append(f"so does letting it grow at first: `schedule {recipe.schedule.kind} … warmup=1`")
        if data is not None and data.normalize == "none":
            helps.append("and normalised pixels: `normalize=standard`")
        return tuple(helps)


def _kind(loss: float) -> str:
    return "not a number" if math.isnan(loss) else "infinite"
