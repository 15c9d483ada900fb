"""`netspec new`: a spec of one's own, begun from a bundled one."""

from __future__ import annotations

import re
from pathlib import Path

import click

from netspec.cli.options import find_spec
from netspec.cli.show.printing import remark
from netspec.diagnostics.cells import shown
from netspec.diagnostics.failure import UsageError
from netspec.diagnostics.quoting import quoted
from netspec.frontend import read_source
from netspec.train.run.files import write_whole


@click.command("new")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--from", "origin", default="digits", metavar="SPEC", show_default=True, help="What to begin with.")
def command(file: Path, origin: str) -> None:
    """Write FILE as a copy of a bundled spec (or any other), its net named after the file.

    A file that exists is never overwritten; a name without `.net` gets it.
    """
    path = file if file.suffix == ".net" else file.with_name(file.name + ".net")
    text = renamed(read_source(find_spec(origin)).text, path.stem)
    write_new(path, text)
    named = quoted(str(path))
    remark(f"wrote {shown(str(path))}; now try `netspec check {named}` and `netspec train {named}`")


def renamed(text: str, name: str) -> str:
    """The spec's text with its net called `name`, where that is a name of the language."""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        return text
    return re.sub(r"(?m)^(net[ \t]+)[A-Za-z_][A-Za-z0-9_]*", rf"\g<1>{name}", text, count=1)


def write_new(path: Path, text: str) -> None:
    """Writes a file that was not there, whole. Raises UsageError (E602) where something of that name is."""
    try:
        path.open("x").close()
    except FileExistsError:
        raise UsageError("E602", f"`{path}` exists already", helps=("choose another name",)) from None
    try:
        write_whole(path, text.encode())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
