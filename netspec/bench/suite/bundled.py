"""Bundled specs by name, checked."""

from __future__ import annotations

from collections.abc import Sequence

from netspec.frontend import check_experiment, read_source
from netspec.ir.recipe import Experiment
from netspec.resources import bundled_specs


def bundled(name: str, settings: Sequence[str] = ()) -> Experiment:
    """A bundled spec with settings such as `train.epochs=2`."""
    return check_experiment(read_source(bundled_specs()[name]), settings=settings)
