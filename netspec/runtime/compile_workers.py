"""Compilation by several processes in parallel: in one process, Numba compiles one function at a time.

Workers are new interpreters that run `compile_server.py`. They are no forks, because this process may have threads, and
they do not import the main module, because that of a program that uses netspec may have side effects. Each takes
functions from a common list, as this process does. A function that a worker fails to deliver is compiled here.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import IO, Any, Generic

from netspec.runtime.cache import Code
from netspec.runtime.compile_server import Compilable, Compiler, Function

UNITS_A_WORKER = 4
"""Functions per worker, at least: the start of a worker takes about as long as compiling one function."""
MOST_WORKERS = 7
PATIENCE_SECONDS = 60.0
"""Time without a delivery after which workers are killed."""
SERVER = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from netspec.runtime.compile_server import serve
serve(sys.argv[2])
"""
"""Program of a worker; its arguments are this process's `sys.path` and the compiler's module."""


@dataclass(frozen=True, slots=True)
class Work(Generic[Function]):
    """Functions to compile, and each function with the code that a worker made of it; None where it failed."""

    compiler: Compiler[Function]
    todo: deque[Function]
    delivered: SimpleQueue[tuple[Function, Code | None]]

    def next(self) -> Function | None:
        """Takes a function; None where none is left."""
        try:
            return self.todo.popleft()
        except IndexError:
            return None


def compile_units(units: Sequence[Function], compiler: Compiler[Function]) -> Iterator[tuple[Function, Code]]:
    """Compiles functions in any order and yields each as soon as it is done. Raises CompilerBug and DeviceError as
    the compiler does."""
    work = Work(compiler, deque(unit for unit in units if unit.kept), SimpleQueue())
    yield from ((unit, compiler.compile(unit)) for unit in units if not unit.kept)
    waiting = len(work.todo)
    with _workers(workers_for(waiting), work) as processes:
        while unit := work.next():
            yield unit, compiler.compile(unit)
            waiting -= 1
        for unit, code in _deliveries(waiting, work, processes):
            yield unit, code or compiler.compile(unit)


def workers_for(count: int) -> int:
    """Number of workers for `count` functions on this machine; 0 where no interpreter can be started."""
    if not sys.executable or getattr(sys, "frozen", False):
        return 0
    return max(0, min(_processors() - 1, count // UNITS_A_WORKER, MOST_WORKERS))


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):  # Linux only
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def _workers(count: int, work: Work[Any]) -> Generator[tuple[subprocess.Popen[bytes], ...]]:
    """A context with `count` workers at work; they end with it, also by an exception."""
    started = (_start(work.compiler.module) for _ in range(count))
    processes = tuple(process for process in started if process)
    threads = [threading.Thread(target=_attend, args=(process, work)) for process in processes]
    try:
        for thread in threads:
            thread.start()
        yield processes
    finally:
        work.todo.clear()
        _end(processes)
        for thread in threads:
            if thread.ident is not None:
                thread.join()


def _start(module: str) -> subprocess.Popen[bytes] | None:
    """A worker with this process's `sys.path` and a module's compiler; None where the system cannot start one."""
    try:
        return subprocess.Popen(
            [sys.executable, "-c", SERVER, json.dumps(sys.path), module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        return None


def _end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.kill()
        process.wait()


def _attend(process: subprocess.Popen[bytes], work: Work[Any]) -> None:
    """Gives a worker one function after another until none is left or the worker fails; closes its pipes."""
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdout, _quietly_closed(process.stdin):
        if _line(process.stdout).strip() != work.compiler.version.encode():
            return
        while unit := work.next():
            code = _delegate(unit, process.stdin, process.stdout)
            work.delivered.put((unit, code))
            if code is None:
                return


@contextmanager
def _quietly_closed(pipe: IO[bytes]) -> Generator[None]:
    """A context that closes a pipe, whose reader may have ended."""
    try:
        yield
    finally:
        with suppress(OSError):
            pipe.close()


def _delegate(unit: Compilable, to: IO[bytes], back: IO[bytes]) -> Code | None:
    """The code that a worker makes of a function; None where it fails."""
    try:
        to.write(json.dumps(unit.address).encode() + b"\n")
        to.flush()
        symbol, size_bytes = json.loads(_line(back))
        object_file = back.read(size_bytes)
    except (OSError, ValueError, TypeError):
        return None
    return Code(symbol, object_file) if len(object_file) == size_bytes else None


def _line(pipe: IO[bytes]) -> bytes:
    """The next line; empty where the pipe has ended."""
    try:
        return pipe.readline()
    except OSError:
        return b""


def _deliveries(
    count: int, work: Work[Function], processes: Sequence[subprocess.Popen[bytes]]
) -> Iterator[tuple[Function, Code | None]]:
    """The next `count` deliveries. After `PATIENCE_SECONDS` without one, workers are killed, and each function that
    they hold is delivered as None."""
    for _ in range(count):
        try:
            yield work.delivered.get(timeout=PATIENCE_SECONDS)
        except Empty:
            for process in processes:
                process.kill()
            yield work.delivered.get()
