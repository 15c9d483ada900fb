"""The data of a run whenever its spec is read again: those that it was trained on, with what settings change."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import fields, replace

from netspec.ir.recipe import DataOptions
from netspec.train.run_document import Run

PATHS = ("source", "labels", "test", "test_labels")
OF_THE_TEXT = frozenset({"span", "lines", "unclear"})
"""What options tell of the text that they stand in."""
NAMES = frozenset(field.name for field in fields(DataOptions)) - OF_THE_TEXT
SIDES = ("height", "width")


def changed_option(setting: str) -> str | None:
    """The option of the data that a setting changes: `classes` of `data.classes=…`, `source` of `data=…`; None of any
    other setting."""
    found = re.match(r"\s*data\b\s*(?:\.\s*(\w+))?", setting)
    return (found[1] or "source") if found else None


def kept_data(run: Run, checked: DataOptions | None, settings: Sequence[str] = ()) -> DataOptions | None:
    """The data of a run, found from anywhere; `checked` is what its spec and `settings` come to.

    A setting may name other data, or change how those of the run are used: nothing else of the spec's `data` line is
    read.
    """
    options = [option for setting in settings if (option := changed_option(setting))]
    if run.data is None or checked is None or not options or "source" in options:
        return checked if run.data is None or options else run.data
    values = {name: getattr(checked, name) for name in options if name in NAMES}
    if checked.measured:
        values |= {"classes": run.data.classes, "measured": checked.measured}
    keys = {*options, *(SIDES if "size" in options else ())}
    extra = {name: value for name, value in checked.extra.items() if name in keys}
    text = {name: getattr(checked, name) for name in OF_THE_TEXT}
    return replace(run.data, **text, **values, extra={**run.data.extra, **extra})
