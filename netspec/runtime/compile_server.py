"""Worker process of `compile_workers.py`: compiles functions by name until its input ends.

Its first line is the compiler's version, so that code of different sources is not mixed. A request is a line of JSON,
the function's `address`. An answer is a line `[symbol, size in bytes]` followed by the object file. A compilation error
ends the process; the requesting process then compiles the function itself and raises the error.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import IO, Any, Generic, Protocol, TypeVar

from netspec.runtime.cache import Code


class Compilable(Protocol):
    """A function that a compiler compiles."""

    @property
    def name(self) -> str:
        """Key in memory and in the cache."""
        ...

    @property
    def kept(self) -> bool:
        """Whether it may be cached and compiled by another process."""
        ...

    @property
    def address(self) -> list[Any]:
        """JSON value from which `Compiler.find` finds it in another process."""
        ...


Function = TypeVar("Function", bound=Compilable)


@dataclass(frozen=True, slots=True)
class Compiler(Generic[Function]):
    """The compiler of one kind of processor, which `module` defines as `COMPILER`. `version` is a hash of all that
    decides its code."""

    module: str
    version: str
    compile: Callable[[Function], Code]
    find: Callable[[list[Any]], Function]


def serve(module: str) -> None:
    """Answers requests on standard input by the compiler of a module. Only answers go to standard output. Ctrl-C is
    ignored: the parent process handles it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    answer_all(import_module(module).COMPILER, sys.stdin.buffer, answers)


def answer_all(compiler: Compiler[Any], requests: IO[bytes], answers: IO[bytes]) -> None:
    """Writes the version, then answers every line."""
    answers.write(compiler.version.encode() + b"\n")
    answers.flush()
    for line in requests:
        code = compiler.compile(compiler.find(json.loads(line)))
        answers.write(json.dumps([code.symbol, len(code.object_file)]).encode() + b"\n" + code.object_file)
        answers.flush()
