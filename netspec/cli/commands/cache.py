"""`netspec cache`: where compiled kernels are kept, how much they take, and their removal."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from netspec.cli.options import json_option
from netspec.cli.show.printing import counted, say, say_json, say_line
from netspec.cli.show.tables import Column, show, table
from netspec.runtime.cache import user_cache
from netspec.runtime.cache_limits import MOST_BYTES, MOST_VERSIONS, CachedVersion, cached_versions, clear
from netspec.runtime.cpu.native import kernel_folder

COLUMNS: tuple[Column, ...] = (
    ("version", "left"),
    ("kernels", "right"),
    ("MiB", "right"),
    ("last used", "left"),
    ("", "left"),
)


@click.command("cache")
@click.argument("action", type=click.Choice(["show", "clear"]), default="show")
@json_option
def command(action: str, as_json: bool) -> None:
    """Tell where compiled kernels are kept, by version, or `clear` them all: they are compiled anew when needed."""
    cache_dir = user_cache()
    current = kernel_folder(cache_dir)
    versions = cached_versions(current.parent)
    if action == "clear":
        clear(current.parent)
    if as_json:
        say_json(_document(current, versions, cleared=action == "clear"))
    elif action == "clear":
        say_line(f"removed {_sum(versions)} from {current.parent}")
    else:
        _show(current, versions)


def _document(current: Path, versions: tuple[CachedVersion, ...], *, cleared: bool) -> dict[str, object]:
    return {
        "folder": current.parent,
        "current": current.name,
        "bytes": sum(version.size_bytes for version in versions),
        "most_bytes": MOST_BYTES,
        "most_versions": MOST_VERSIONS,
        "cleared": cleared,
        "versions": [
            {
                "name": version.folder.name,
                "kernels": version.files,
                "bytes": version.size_bytes,
                "used": _moment(version),
            }
            for version in versions
        ],
    }


def _show(current: Path, versions: tuple[CachedVersion, ...]) -> None:
    say_line(f"{current.parent}: {_sum(versions)}")
    say(f"at most {counted(MOST_VERSIONS, 'version')} and {MOST_BYTES >> 20} MiB are kept, those used last")
    if versions:
        say()
        show(table(COLUMNS, (_cells(version, current) for version in versions)))


def _cells(version: CachedVersion, current: Path) -> tuple[str, ...]:
    size = f"{version.size_bytes / 2**20:.2f}"
    return version.folder.name, f"{version.files}", size, _moment(version), "in use" * (version.folder == current)


def _moment(version: CachedVersion) -> str:
    return f"{datetime.fromtimestamp(version.used):%Y-%m-%d %H:%M}"


def _sum(versions: tuple[CachedVersion, ...]) -> str:
    kernels, size_bytes = sum(v.files for v in versions), sum(v.size_bytes for v in versions)
    return f"{counted(kernels, 'kernel')} of {counted(len(versions), 'version')}, {size_bytes / 2**20:.2f} MiB"
