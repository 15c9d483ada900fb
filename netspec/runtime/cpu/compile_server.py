"""Worker process of `compile_workers.py`: compiles functions by name until its input ends.

Its first line is its version, so that code of different sources is not mixed. A request is a line of JSON,
`Unit.address`. An answer is a line `[symbol, size in bytes]` followed by the object file. A compilation error ends the
process; the requesting process then compiles the function itself and raises the error.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import IO

from netspec.runtime.cpu.compilation import VERSION, compile_unit, unit_at


def serve() -> None:
    """Answers requests on standard input. Only answers go to standard output. Ctrl-C is ignored: the parent process
    handles it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    answer_all(sys.stdin.buffer, answers)


def answer_all(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Writes the version, then answers every line."""
    answers.write(VERSION.encode() + b"\n")
    answers.flush()
    for line in requests:
        code = compile_unit(unit_at(json.loads(line)))
        answers.write(json.dumps([code.symbol, len(code.object_file)]).encode() + b"\n" + code.object_file)
        answers.flush()
