"""Cost tables as JSON: written by `netspec tune`, read by `--tuning`, kept in a run.

{"layout": 1, "costs": {"clearly": 1.15, "winograd_input": 600.0, …}, "measured": {…}}: `costs` has a number for each
field of `targets/cpu/costs.py: Costs`; `measured` says where and when, and is not read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from netspec.diagnostics.failure import DataError
from netspec.targets.cpu.costs import Costs

LAYOUT = 1
NAMES = tuple(field.name for field in fields(Costs))
LARGEST = 1e6
"""Largest cost or ratio."""
LARGEST_BYTES = 1 << 20
"""Largest size of a table."""


def costs_hash(costs: Costs) -> str:
    """SHA-256 of the costs that plans depend on."""
    return hashlib.sha256(json.dumps(asdict(costs), sort_keys=True).encode()).hexdigest()


def tuning_text(costs: Costs, measured: Mapping[str, object]) -> str:
    """The text of a table's file."""
    document = {"layout": LAYOUT, "costs": asdict(costs), "measured": dict(measured)}
    return json.dumps(document, indent=2) + "\n"


def read_tuning(path: Path) -> Costs:
    """A table's costs. Raises DataError (E547) with the line of the fault, or where the file cannot be read."""
    try:
        text = _text(path)
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise _broken(f"{path}:{error.lineno}:{error.colno}", error.msg.lower()) from None
    except UnicodeDecodeError:
        raise _broken(str(path), "it is not text in UTF-8") from None
    except OSError as error:
        raise _broken(str(path), (error.strerror or type(error).__name__).lower()) from None
    except RecursionError:
        raise _broken(str(path), "it is nested too deeply") from None
    except ValueError:
        raise _broken(str(path), "it has a number of too many digits") from None
    try:
        return costs_of(document)
    except TableError as error:
        raise _broken(_place(path, text, error.key), error.why) from None


def _text(path: Path) -> str:
    """A file's text, up to the largest size of a table. Raises DataError (E547), OSError, and UnicodeDecodeError."""
    with path.open("rb") as file:
        content = file.read(LARGEST_BYTES + 1)
    if len(content) > LARGEST_BYTES:
        raise _broken(str(path), f"it is larger than {LARGEST_BYTES:,} bytes, hence no table")
    return content.decode("utf-8")


class TableError(ValueError):
    """A fault of a table, and its key."""

    def __init__(self, key: str, why: str) -> None:
        self.key, self.why = key, why
        super().__init__(f"`{key}` {why}")


def costs_of(document: Any) -> Costs:
    """The costs in a table's JSON. Raises TableError."""
    if not isinstance(document, dict) or document.get("layout") != LAYOUT:  # pyright: ignore[reportUnknownMemberType]
        raise TableError("layout", f"must be {LAYOUT}: this is no table of this version")
    costs: Any = document.get("costs")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    if not isinstance(costs, dict):
        raise TableError("costs", "must be an object")
    for name in (*NAMES, *(key for key in costs if key not in NAMES)):  # pyright: ignore[reportUnknownVariableType]
        _check(name, costs)  # pyright: ignore[reportUnknownArgumentType]
    return Costs(**{name: float(costs[name]) for name in NAMES})  # pyright: ignore[reportUnknownArgumentType]


def tuning_document(costs: Costs | None) -> dict[str, Any] | None:
    """A table in a run's record, with its hash; None for the table of the version."""
    return None if costs is None else {"layout": LAYOUT, "costs": asdict(costs), "hash": costs_hash(costs)}


def costs_in_run(document: Any) -> Costs | None:
    """The costs in a run's record; None for the table of the version. Raises ValueError where their hash is another."""
    if document is None:
        return None
    costs = costs_of(document)
    if costs_hash(costs) != document["hash"]:
        raise ValueError("the hash of `tuning` is another one")
    return costs


def _check(name: str, costs: Mapping[str, Any]) -> None:
    if name not in NAMES:
        raise TableError(name, "is no cost that this version knows")
    if name not in costs:
        raise TableError("costs", f"lacks `{name}`")
    value = costs[name]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (number and 0 <= value <= LARGEST):
        raise TableError(name, f"is {json.dumps(value)[:40]}, where a number from 0 to {LARGEST:,.0f} is allowed")


def _place(path: Path, text: str, key: str) -> str:
    """`file:line` of a key, else the file."""
    before, found, _ = text.partition(f'"{key}"')
    return f"{path}:{before.count(chr(10)) + 1}: `{key}`" if found else f"{path}: `{key}`"


def _broken(place: str, why: str) -> DataError:
    helps = ("`netspec tune` writes such a table", "without `--tuning` the table of this version is used")
    return DataError("E547", f"{place} {why}" if place.endswith("`") else f"{place}: {why}", helps=helps)
