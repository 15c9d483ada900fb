"""Machine code read back: the innermost loops of a compiled kernel, and what they keep on the stack."""

import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

INSTRUCTION = re.compile(r"^\s*([0-9a-f]+):\s+(\S.*)$")
JUMP = re.compile(r"^(?:j\w+|b(?:\.\w+)?|cbn?z \w+,|tbn?z \w+, #\d+,)\s+(?:0x)?([0-9a-f]+)\b")
"""of x86 and of ARM"""
VECTOR_MULTIPLY = re.compile(r"^(vfmadd\w*ps|v?mulps)\b")
STACK = re.compile(r"-?(0x[0-9a-f]+)?\(%rsp\)")
VECTOR_REGISTER = re.compile(r"%[xyz]mm\d")
SCALAR = re.compile(r"^v?(movs[sd]|movd|movq|broadcast\w*|insertps|cvt\w+|\w+[sd]s[sd])\b|\{1to")


def instructions(object_file: bytes) -> list[tuple[int, str]]:
    """Address and text of every instruction, in AT&T's syntax."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kernel.o"
        path.write_bytes(object_file)
        command = ["objdump", "-d", "--no-show-raw-insn", str(path)]
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = (INSTRUCTION.match(line) for line in text.splitlines())
    return [(int(match[1], 16), match[2]) for match in found if match]


def innermost_loops(code: list[tuple[int, str]]) -> Iterator[list[str]]:
    """The instructions of every loop that holds no other: from the target of a jump back to the jump."""
    number = {address: k for k, (address, _) in enumerate(code)}
    jumps = ((k, JUMP.match(text)) for k, (_, text) in enumerate(code))
    targets = ((number.get(int(match[1], 16), len(code)), k) for k, match in jumps if match)
    loops = {(first, last) for first, last in targets if first <= last}
    for first, last in sorted(loops):
        if not any((a, b) != (first, last) and first <= a and b <= last for a, b in loops):
            yield [text for _, text in code[first : last + 1]]


def spilled(object_file: bytes) -> list[str]:
    """Places on the stack that hold accumulators: whole vectors that an innermost loop which multiplies vectors loads
    and later stores again, from one round to the next. Stored first and loaded later are the passing values of a
    transform, loaded alone its constants."""
    loops = innermost_loops(instructions(object_file))
    return [place for loop in loops if any(VECTOR_MULTIPLY.match(text) for text in loop) for place in _carried(loop)]


def _carried(loop: list[str]) -> Iterator[str]:
    loaded: set[str] = set()
    passing: set[str] = set()
    for text in loop:
        place = STACK.search(text)
        if place is None or not VECTOR_REGISTER.search(text) or SCALAR.search(text):
            continue
        if not text.endswith(place[0]):
            loaded.update({place[0]} - passing)
        elif place[0] in loaded:
            yield place[0]
        else:
            passing.add(place[0])
