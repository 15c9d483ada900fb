"""`netspec specs`: the bundled specs, each with the title that its comment gives it."""

from __future__ import annotations

import re
from itertools import takewhile
from pathlib import Path

import click

from netspec.cli.options import json_option
from netspec.cli.show.printing import say, say_json
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
    """What the comment that a spec begins with calls it: its words up to a colon, a parenthesis or a full stop."""
    with path.open(encoding="utf-8") as file:
        comment = "".join(line.removeprefix("#").strip() + " " for line in takewhile(lambda x: x.startswith("#"), file))
    return re.split(r"[:.](?= )| \(", comment, maxsplit=1)[0].strip()
