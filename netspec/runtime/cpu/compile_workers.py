"""Several processes that compile at once: Numba itself compiles one function at a time in a process.

Helpers are fresh interpreters that run `compile_server.py`, never forks: this process may have threads, and a program
that uses netspec as a library may do anything when its main module is imported again. Each takes one function after
the other from a common list, as this process does; what a helper does not deliver is compiled here.
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
from queue import Empty, SimpleQueue
from typing import IO

from netspec.runtime.cache import Code
from netspec.runtime.cpu.compilation import VERSION, Unit, compile_unit

UNITS_A_HELPER = 4
"""A helper is worth its start, about as long as compiling one function, from so many functions on."""
MOST_HELPERS = 7
PATIENCE_SECONDS = 60.0
"""Helpers that deliver nothing for so long are given up."""
SERVER = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from netspec.runtime.cpu.compile_server import serve
serve()
"""
"""What a helper runs, with the folders that this process imports from."""

Delivery = tuple[Unit, Code | None]
"""What a helper made of a function; None where it made nothing."""
Deliveries = SimpleQueue[Delivery]


def compile_units(units: Sequence[Unit]) -> Iterator[tuple[Unit, Code]]:
    """Compiles functions, in any order, and hands each over as soon as it is there. Raises CompilerBug as
    `compile_unit` does."""
    todo = deque(unit for unit in units if unit.kept)
    delivered: Deliveries = SimpleQueue()
    yield from ((unit, compile_unit(unit)) for unit in units if not unit.kept)
    waiting = len(todo)
    with _helpers(helpers_for(waiting), todo, delivered) as processes:
        while unit := _next(todo):
            yield unit, compile_unit(unit)
            waiting -= 1
        for unit, code in _deliveries(waiting, delivered, processes):
            yield unit, code or compile_unit(unit)


def helpers_for(count: int) -> int:
    """How many helpers suit so many functions on this machine; none where no interpreter can be started."""
    if not sys.executable or getattr(sys, "frozen", False):
        return 0
    return max(0, min(_processors() - 1, count // UNITS_A_HELPER, MOST_HELPERS))


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):  # only Linux tells
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def _helpers(count: int, todo: deque[Unit], delivered: Deliveries) -> Generator[tuple[subprocess.Popen[bytes], ...]]:
    """So many helpers at work; whatever ends this process's part ends them too."""
    processes = tuple(process for process in (_start() for _ in range(count)) if process)
    threads = [threading.Thread(target=_attend, args=(process, todo, delivered)) for process in processes]
    try:
        for thread in threads:
            thread.start()
        yield processes
    finally:
        todo.clear()
        _end(processes)
        for thread in threads:
            if thread.ident is not None:
                thread.join()


def _start() -> subprocess.Popen[bytes] | None:
    """A helper that imports what this process would; None where the system starts none."""
    try:
        return subprocess.Popen(
            [sys.executable, "-c", SERVER, json.dumps(sys.path)],
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


def _attend(process: subprocess.Popen[bytes], todo: deque[Unit], delivered: Deliveries) -> None:
    """Gives one function after the other to a helper, until none is left or the helper fails; closes its pipes."""
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdout, _quietly_closed(process.stdin):
        if _line(process.stdout).strip() != VERSION.encode():
            return
        while unit := _next(todo):
            code = _delegate(unit, process.stdin, process.stdout)
            delivered.put((unit, code))
            if code is None:
                return


@contextmanager
def _quietly_closed(pipe: IO[bytes]) -> Generator[None]:
    """Closes a pipe whose reader may be gone."""
    try:
        yield
    finally:
        with suppress(OSError):
            pipe.close()


def _delegate(unit: Unit, to: IO[bytes], back: IO[bytes]) -> Code | None:
    """The code that a helper makes of a function, None where it cannot."""
    try:
        to.write(json.dumps(unit.address).encode() + b"\n")
        to.flush()
        symbol, size_bytes = json.loads(_line(back))
        object_file = back.read(size_bytes)
    except (OSError, ValueError, TypeError):
        return None
    return Code(symbol, object_file) if len(object_file) == size_bytes else None


def _line(pipe: IO[bytes]) -> bytes:
    """The next line, empty where the pipe has ended."""
    try:
        return pipe.readline()
    except OSError:
        return b""


def _deliveries(
    count: int, delivered: Deliveries, processes: Sequence[subprocess.Popen[bytes]]
) -> Iterator[tuple[Unit, Code | None]]:
    """So many deliveries; where none comes for too long, the helpers are ended, which makes them deliver nothing."""
    for _ in range(count):
        try:
            yield delivered.get(timeout=PATIENCE_SECONDS)
        except Empty:
            for process in processes:
                process.kill()
            yield delivered.get()


def _next(todo: deque[Unit]) -> Unit | None:
    try:
        return todo.popleft()
    except IndexError:
        return None
