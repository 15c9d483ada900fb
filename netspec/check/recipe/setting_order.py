"""The order in which settings that are given together (`--set`, `set_=`) are applied. Imports nothing heavy."""

from __future__ import annotations

from collections.abc import Sequence


def wholes_first(settings: Sequence[str]) -> tuple[str, ...]:
    """Those of a whole statement (`data=…`, `train.schedule=…`) before those of its attributes.

    A new schedule or data set drops the attributes of the old one; so none is dropped that was given with it.
    """
    return tuple(sorted(settings, key=lambda setting: setting.partition("=")[0].count(".")))
