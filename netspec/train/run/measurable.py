"""A spec read to measure a trained net: on fewer classes than the net has learnt, where settings ask for that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from netspec.check.net.trainable import fewer_classes
from netspec.diagnostics.failure import SpecError
from netspec.ir.classes import Classes
from netspec.ir.recipe import Experiment
from netspec.train.run.data import changed_option

Check = Callable[[Sequence[str]], Experiment]
"""Reads a spec with these settings. Raises SpecError, UsageError."""
ANY_SET = 'data="."'
"""A set of which nothing is known, so that no amount of it is wrong."""


def measurable(check: Check, settings: Sequence[str]) -> Experiment:
    """The experiment that `check` makes of a spec with the settings. Where these keep fewer classes of the spec's own
    data than train the net, the parts are those of all classes, and a net is measured on these alone.

    Raises what `check` raises.
    """
    measured, others = split_measured(check, settings)
    return measured_on(check(others), measured)


def measured_on(experiment: Experiment, classes: Classes) -> Experiment:
    """The experiment whose net is measured on these classes alone, where there are any."""
    data = experiment.data
    return replace(experiment, data=replace(data, measured=classes)) if classes and data is not None else experiment


def split_measured(check: Check, settings: Sequence[str]) -> tuple[Classes, tuple[str, ...]]:
    """The classes to measure on, and the other settings; none where `classes` is left out, is enough to train with, or
    is of other data."""
    options = [changed_option(setting) for setting in settings]
    asked = [setting for setting, option in zip(settings, options, strict=True) if option == "classes"]
    if not asked or "source" in options:
        return (), tuple(settings)
    try:
        probed = check((ANY_SET, *asked))
    except SpecError:  # which all settings together come to as well
        return (), tuple(settings)
    if probed.data is None or not fewer_classes(probed.graph, probed.data):
        return (), tuple(settings)
    return probed.data.classes, tuple(setting for setting in settings if setting not in asked)
