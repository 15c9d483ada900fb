"""The data of a run whenever its spec is read again: those that it was trained on, with what settings change."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from netspec.ir.recipe import DataOptions
from netspec.train.run.document import Run

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


def data_edits(run: Run, asked: DataOptions | None) -> tuple[str, ...]:
    """How the data that the spec in the run's folder asks for differ from those that the run keeps, a sentence an
    option. Paths may have moved along with the spec."""
    if asked is None or run.data is None:
        return () if asked is run.data else ("`data` names no data",)
    then, now = _options(run.data), _options(asked)
    names = [name for name in {**then, **now} if then.get(name) != now.get(name)]
    moved = {name for name in names if name in PATHS and _is_moved(now[name], then[name], run.folder)}
    return tuple(
        f"`data.{name}` was {_shown(then.get(name))} and is {_shown(now.get(name))}"
        for name in names
        if name not in moved
    )


def _options(data: DataOptions) -> dict[str, Any]:
    values = {name: getattr(data, name) for name in sorted(NAMES - {"extra", "measured"})}
    return values | data.extra


def _is_moved(asked: str | None, kept: str | None, folder: Path) -> bool:
    """Whether a path, as the spec in the folder has it now, may be what it was in the folder of the spec."""
    if asked is None or kept is None:
        return False
    written = Path(os.path.relpath(asked, folder)).parts
    down = [part for part in written if part != os.pardir]
    return Path(os.path.normpath(kept)).parts[-len(down) :] == tuple(down) if down else True


def _shown(value: Any) -> str:
    if value in (None, ()):
        return "not there"
    return f"({' '.join(map(str, value))})" if isinstance(value, tuple) else str(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
