"""Commands on a machine that lacks the extra `cuda`, and what this machine has of it."""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

BLOCKED = ("numba_cuda", "numba.cuda", "cuda")
"""Modules that do not exist in `process_without_cuda`."""
PROGRAM = f"""
import sys
sys.modules.update(dict.fromkeys({BLOCKED!r}))
from netspec.cli.main import program
try:
    program(sys.argv[1:], prog_name="netspec")
finally:
    loaded = [name for name in sys.modules if name.split(".")[0] in ("numba_cuda", "cuda") and sys.modules[name]]
    assert not loaded, loaded
"""


def process_without_cuda(*words: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """`netspec …` in a process of its own in which no package of CUDA can be imported."""
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *map(str, words)],
        cwd=cwd,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=600,
        check=False,
    )


def has_tools() -> bool:
    """Whether ptxas and nvdisasm are installed."""
    found = find_spec("nvidia")
    places = found.submodule_search_locations if found and found.submodule_search_locations else ()
    names = ("ptxas", "nvdisasm")
    return all(any(shutil.which(p) for p in (n, *(f"{place}/cu13/bin/{n}" for place in places))) for n in names)
