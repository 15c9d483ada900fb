"""libdevice, NVIDIA's mathematical functions: a kernel is linked with those of its bitcode that it calls.

Forms that flush denormals (`.ftz`) are replaced by those that do not.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import llvmlite.binding as llvm
from numba.cuda.cudadrv.libs import get_libdevice

FUNCTION = re.compile(r"^define [^\n]*@(\w+)\(.*?^}\n", re.MULTILINE | re.DOTALL)
CALLED = re.compile(r'@"?([\w.]+)"?\(')
DECLARATION = re.compile(r"^declare [^\n]*@([\w.]+)\(.*$", re.MULTILINE)


@cache
def _functions() -> tuple[dict[str, str], str]:
    """The text of each function by its name, and the text outside of functions."""
    text = str(llvm.parse_bitcode(Path(get_libdevice()).read_bytes()))
    functions = {match[1]: match[0] for match in FUNCTION.finditer(text)}
    return functions, FUNCTION.sub("", text)


def needed(text: str) -> str:
    """A module of the functions of libdevice that `text` calls, and of those that they call; empty where there are
    none."""
    if "@__nv_" not in text.replace('"', ""):
        return ""
    functions, rest = _functions()
    found: dict[str, str] = {}
    open_names = set(CALLED.findall(text)) & functions.keys()
    while open_names:
        name = open_names.pop()
        found[name] = re.sub(r"^define (?:internal )?", "define linkonce_odr ", functions[name])
        open_names |= (set(CALLED.findall(found[name])) & functions.keys()) - found.keys()
    body = "".join(found.values())
    kept = [line for line in rest.splitlines() if line.startswith(("@", "%", "attributes"))]
    kept += [match[0] for match in DECLARATION.finditer(rest) if f"@{match[1]}(" in body]
    outside = "\n".join(dict.fromkeys(line.replace(".ftz", "") for line in kept))
    whole = f"{outside}\n{body.replace('.ftz', '')}"
    return re.sub(r", ![\w.]+ !\d+", "", whole).replace("llvm.nvvm.", "nvvm.")
