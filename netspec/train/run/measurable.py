"""Specs for the measurement of a trained net, perhaps on fewer classes than the net has learnt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from netspec.check.net.trainable import fewer_classes
from netspec.diagnostics.failure import SpecError
from netspec.ir.classes import Classes
from netspec.ir.recipe import Experiment
from netspec.train.run.data import changed_option

Check = Callable[[Sequence[str]], Experiment]
"""Checks a spec with settings. Raises SpecError, UsageError."""
ANY_SET = 'data="."'
"""A data set of unknown content, so that no check of its sizes fails."""


def measurable(check: Check, settings: Sequence[str]) -> Experiment:
    """The experiment of a spec with the settings. Where these keep fewer classes of the spec's own data than the net
    needs for training, the data are loaded for all classes, and the net is measured on those classes alone.

    Raises what `check` raises.
    """
    measured, others = split_measured(check, settings)
    return measured_on(check(others), measured)


def measured_on(experiment: Experiment, classes: Classes) -> Experiment:
    """The experiment with a measurement on `classes` alone; unchanged without classes."""
    data = experiment.data
    return replace(experiment, data=replace(data, measured=classes)) if classes and data is not None else experiment


def split_measured(check: Check, settings: Sequence[str]) -> tuple[Classes, tuple[str, ...]]:
    """(classes to measure on, other settings). No classes where no setting sets `classes`, where they suffice for
    training, or where a setting names other data."""
    options = [changed_option(setting) for setting in settings]
    asked = [setting for setting, option in zip(settings, options, strict=True) if option == "classes"]
    if not asked or "source" in options:
        return (), tuple(settings)
    try:
        probed = check((ANY_SET, *asked))
    except SpecError:  # the check with all settings raises it too
        return (), tuple(settings)
    if probed.data is None or not fewer_classes(probed.graph, probed.data):
        return (), tuple(settings)
    return probed.data.classes, tuple(setting for setting in settings if setting not in asked)
