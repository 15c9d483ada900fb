"""`netspec specs`: the bundled specs, each with the first line of its comment."""

from __future__ import annotations

from pathlib import Path

import click

from netspec.cli.options import json_option
from netspec.cli.printing import say, say_json
from netspec.resources import bundled_specs


@click.command("specs")
@json_option
def command(as_json: bool) -> None:
    """List the bundled specs; each can be named without a path, as in `netspec count lenet`."""
    listed = {name: (path, about(path)) for name, path in bundled_specs().items()}
    if as_json:
        specs = [{"name": name, "path": path, "about": text} for name, (path, text) in listed.items()]
        return say_json({"specs": specs})
    width = max(map(len, listed), default=0)
    for name, (_, text) in listed.items():
        say(f"{name.ljust(width)}  {text}")
    return None


def about(path: Path) -> str:
    """The first sentence of the comment that a spec begins with."""
    words: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        words += line.removeprefix("#").split()
        if words and words[-1].endswith((".", ":")):
            break
    sentence, end, _ = " ".join(words).partition(". ")
    return sentence.rstrip(".:") + end.rstrip(". ")
