"""The other side of `compile_workers.py`: a process that compiles functions by name until its input ends.

It says its version first, so that nobody mixes code of different sources. A request is a line of JSON, as
`Unit.address` gives it; the answer is a line `[symbol, size in bytes]` and the object file. What cannot be compiled
ends the process: whoever asked meets the error when compiling it for itself.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import IO

from netspec.runtime.cpu.compilation import VERSION, compile_unit, unit_at


def serve() -> None:
    """Answers requests on standard input. Only answers reach standard output; Ctrl-C is for who started this."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    answer_all(sys.stdin.buffer, answers)


def answer_all(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Says the version, then answers every line."""
    answers.write(VERSION.encode() + b"\n")
    answers.flush()
    for line in requests:
        code = compile_unit(unit_at(json.loads(line)))
        answers.write(json.dumps([code.symbol, len(code.object_file)]).encode() + b"\n" + code.object_file)
        answers.flush()
