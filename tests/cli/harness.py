"""Runs commands in this process, or in one of their own where its streams, signals or imports matter."""

import json
import os
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner, Result

from netspec.cli.main import program

HANGS_SECONDS = 900
"""A command that takes so long hangs; a busy machine needs minutes to train and to compile."""


def run(*words: object) -> Result:
    """The command's status, output and error output."""
    return CliRunner().invoke(program, [str(word) for word in words], prog_name="netspec")


def run_json(*words: object) -> dict:
    """The one JSON object that a command prints."""
    done = run(*words, "--json")
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def process(*words: object, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """`python -m netspec …` in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "netspec", *map(str, words)],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=HANGS_SECONDS,
        check=False,
    )


def refused(done: Result, status: int, code: str) -> None:
    """Bad input ends with its status and a coded message, and with nothing on standard output."""
    assert done.exit_code == status, done.stderr
    assert f"error[{code}]" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
