"""The text of numba-cuda's LLVM IR, rewritten for the LLVM of llvmlite and for this processor.

numba-cuda writes IR of LLVM 7 for NVVM: typed pointers, address spaces, intrinsics `llvm.nvvm.*`. The rewriting keeps
what a kernel computes.
"""

from __future__ import annotations

import re
from itertools import count

TOKEN = re.compile(r'"[^"]*"|[\w.$%@!-]+|\s+|.', re.DOTALL)
OPENING = {")": "(", "]": "[", "}": "{", ">": "<"}


def opaque(text: str) -> str:
    """The text with every pointer type written `ptr`: `{i8*, float*}*`, `[64 x float] addrspace(3)*`, `void (i32)*`."""
    out: list[str] = []
    for token in TOKEN.findall(text):
        if token == "*":
            _drop_type(out)
            token = "ptr"
        out.append(token)
    return "".join(out)


def _drop_type(out: list[str]) -> None:
    """Removes the type at the end."""
    while out[-1].isspace():
        out.pop()
    last = out.pop()
    if last not in OPENING:
        return
    depth = 1
    while depth:
        token = out.pop()
        depth += (token == last) - (token == OPENING[last])
    if last == ")":  # of an address space, or of the arguments of a function type
        if out[-1] == "addrspace":
            out.pop()
        _drop_type(out)


REPLACEMENTS = (
    (r"^target (triple|datalayout) = .*\n", ""),
    (r'^@"llvm\.used" = .*\n', ""),
    (r"^!nvvm\S* = .*\n", ""),
    (r"\baddrspacecast\b", "bitcast"),  # one address space is left
    (r"llvm\.nvvm\.", "nvvm."),  # functions of `device.py` and `arithmetic.py`
    (r"^(define [^\n]*\))", r"\1 alwaysinline"),
    (r"\b(fadd|fsub|fmul) (?=float|double)", r"\1 contract "),  # the default of NVVM
)
SHARED = re.compile(
    r'^@("?)([\w.$]+)\1 = (?:external |internal )?addrspace\(3\) global (.+?)(?: undef)?(?:, align (\d+))?$',
    re.MULTILINE,
)
SPACE = re.compile(r" addrspace\(\d+\)")
BARRIER = re.compile(r'(@"?nvvm\.barrier0[.\w]*"?)\((?=(\))?)')
SIZES_BYTES = {"float": 4, "double": 8, "half": 2, "i8": 1, "i16": 2, "i32": 4, "i64": 8}
ALIGNMENT_BYTES = 128
"""of dynamic shared memory, and of static arrays of at least this size"""


def rewritten(text: str, static: int, dynamic: int) -> str:
    """A module of opaque pointers with its shared memory at fixed addresses: static arrays from `static` on, dynamic
    shared memory, an array without elements, at `dynamic`."""
    places, _ = _offsets(text)
    sizes = {name: _size(kind) for _, name, kind, _ in SHARED.findall(text)}
    text = SHARED.sub("", text)
    for name, offset in places.items():
        address = static + offset if sizes[name] else dynamic
        text = re.sub(rf'@"?{re.escape(name)}"?(?![\w.$])', f"inttoptr (i64 {address} to ptr)", text)
    text = SPACE.sub("", text)
    for pattern, new in REPLACEMENTS:
        text = re.sub(pattern, new, text, flags=re.MULTILINE)
    return text


def static_bytes(text: str) -> int:
    """Bytes of the static shared arrays of a module."""
    return _rounded(_offsets(text)[1], ALIGNMENT_BYTES)


def _offsets(text: str) -> tuple[dict[str, int], int]:
    """The offset of each shared array by its name, and the end of the last."""
    used, places = 0, dict[str, int]()
    for _, name, kind, align in SHARED.findall(text):
        size = _size(kind)
        used = _rounded(used, ALIGNMENT_BYTES if size >= ALIGNMENT_BYTES else int(align or 8))
        places[name], used = used, used + size
    return places, used


def _rounded(size: int, unit: int) -> int:
    return -(-size // unit) * unit


def _size(kind: str) -> int:
    """Bytes of `[64 x float]`, `[4 x [4 x i32]]`, `float`."""
    match = re.fullmatch(r"\[(\d+) x (.+)\]", kind)
    return int(match[1]) * _size(match[2]) if match else SIZES_BYTES[kind]


def numbered_barriers(texts: list[str]) -> list[str]:
    """The modules with a number for each place of a barrier: `nvvm.barrier0()` becomes `nvvm.barrier0(i32 5)`, so that
    threads at different barriers are found."""
    places = count(1)

    def numbered(match: re.Match[str]) -> str:
        declared = match.string.startswith("declare", match.string.rfind("\n", 0, match.start()) + 1)
        return f"{match[1]}(i32{'' if declared else f' {next(places)}'}{'' if match[2] else ', '}"

    return [BARRIER.sub(numbered, text) for text in texts]
