"""The report of a mistake of netspec's own. Imported only when there is one."""

from __future__ import annotations

import platform
import sys
import traceback
from importlib.metadata import version

from netspec.cli.show.printing import headline, remark
from netspec.diagnostics.failure import CompilerBug
from netspec.diagnostics.quoting import quoted


def report_bug(error: Exception) -> int:
    """Says on standard error what happened and what a report needs; returns the exit status."""
    what = str(error) if isinstance(error, CompilerBug) else f"{type(error).__name__}: {error}"
    headline(
        "internal error",
        what.partition("\n")[0],
        notes=("this is a mistake of netspec, not yours",),
        helps=("please report it to the netspec developers, with your spec and the lines below",),
    )
    remark(f"\nnetspec {version('netspec')}, Python {platform.python_version()}, {platform.platform()}")
    remark(f"command: {' '.join(map(quoted, sys.argv))}")
    remark("".join(traceback.format_exception(error)).rstrip())
    return CompilerBug.exit_status
