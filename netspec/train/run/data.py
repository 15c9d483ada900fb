"""Data options of a run when its spec is read again: those of its training, changed by settings."""

from __future__ import annotations

import os
import re
from collections.abc import Container, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from netspec.ir.recipe import DataOptions
from netspec.train.run.document import Run

PATHS = ("source", "labels", "test", "test_labels")
OF_THE_TEXT = frozenset({"span", "lines", "unclear"})
"""Fields of the options that describe their place in the spec's text."""
NAMES = frozenset(field.name for field in fields(DataOptions)) - OF_THE_TEXT
SIDES = ("height", "width")


def changed_option(setting: str) -> str | None:
    """The data option that a setting changes: `classes` of `data.classes=…`, `source` of `data=…`; None for other
    settings."""
    found = re.match(r"\s*data\b\s*(?:\.\s*(\w+))?", setting)
    return (found[1] or "source") if found else None


def kept_data(run: Run, checked: DataOptions | None, settings: Sequence[str] = ()) -> DataOptions | None:
    """The data options of a run, with paths that do not depend on the current folder; `checked` are those of its spec
    with `settings`.

    A setting may name other data, or change options of the run's. Nothing else of the spec's `data` line is used.
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


def data_edits(run: Run, asked: DataOptions | None, only: Container[str] | None = None) -> tuple[str, ...]:
    """Differences between the data options `asked` for, such as those of the spec in the run's folder, and those that
    the run keeps, one sentence per option; of the options `only` where they are given. A relative path that moved with
    the spec is no difference."""
    if asked is None or run.data is None:
        return () if asked is run.data else ("`data` names no data",)
    then, now = _options(run.data), _options(asked)
    names = [name for name in {**then, **now} if then.get(name) != now.get(name) and (only is None or name in only)]
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
    """Whether the path `asked`, read relative to the run's folder, may be the path `kept`, read where the spec was."""
    if asked is None or kept is None:
        return False
    written = Path(os.path.relpath(asked, folder)).parts
    down = [part for part in written if part != os.pardir]
    return Path(os.path.normpath(kept)).parts[-len(down) :] == tuple(down) if down else True


def _shown(value: Any) -> str:
    if value in (None, ()):
        return "not there"
    return f"({' '.join(map(str, value))})" if isinstance(value, tuple) else str(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
