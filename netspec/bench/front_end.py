"""How long the longest texts within the language's limits take to check."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from netspec.diagnostics.render import render
from netspec.diagnostics.text import Source
from netspec.frontend import LONGEST_FILE_BYTES, examine

PROMISED_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class FrontEndTiming:
    """One text: its size, its diagnostics, and the seconds to parse, check and render them."""

    name: str
    bytes: int
    diagnostics: int
    seconds: float


def _filled(start: str, line: str, end: str = "}\n") -> str:
    """As many copies of a line as fit a file of the longest size."""
    room = LONGEST_FILE_BYTES - len(start.encode()) - len(end.encode())
    return start + line * (room // len(line.encode())) + end


def _blocks(levels: int) -> str:
    """Blocks that call each other ten times a level: `10**levels` layers."""
    first = "block b0() { relu }\n"
    rest = (f"block b{k}() {{ {f'b{k - 1}; ' * 10}}}\n" for k in range(1, levels))
    return first + "".join(rest)


TEXTS: dict[str, Callable[[], str]] = {
    "statements: as many as fit": lambda: _filled("net n { input 8\n", "relu\n"),
    "layers: 10,000 by repeat": lambda: "net n { input 3x8x8; repeat 9998 { conv 8 3x3 pad=1 relu }; dense 10 }\n",
    "blocks: thousands of layers by calls": lambda: _blocks(4) + "net n { input 8; b3; dense 2 }\n",
    "empty bodies: 100,000 statements": lambda: "net n { input 8; repeat 99990 {}; dense 2 }\n",
    "nested bodies that repeat": lambda: f"net n {{ input 8; {'repeat 2 { ' * 12}relu{' }' * 12}; dense 2 }}\n",
    "branches: sums in a row": lambda: _filled("net n { input 8\n", "sum { relu } {}\n"),
    "lets: each from the one before": lambda: (
        "let a0 = 1\n" + "".join(f"let a{k} = (a{k - 1} + 1)\n" for k in range(1, 4000))
    ),
    "a long expression": lambda: f"let a = (1{' + 1' * 32_000})\n",
    "parentheses: as many as fit": lambda: "let a = " + "(" * (LONGEST_FILE_BYTES - 9) + "\n",
    "mistakes: a wrong layer a line": lambda: _filled("net n { input 8\n", "konv 8 3x3\n"),
    "mistakes: a wrong attribute a line": lambda: _filled("net n { input 3x8x8\n", "conv 8 3x3 paddin=1\n"),
    "mistakes: a stray character a line": lambda: _filled("net n { input 8\n", "dense $ 4\n"),
    "a line of 128 KiB": lambda: _filled("net n { input 8; dense 4", " relu", " }\n"),
    "names used once each": lambda: _filled("net n { input 8\n", "relu as thing\n"),
}


def measure(repeats: int = 3) -> Iterator[FrontEndTiming]:
    """The best of a few runs for each text."""
    for name, make in TEXTS.items():
        text, best, found = make(), float("inf"), 0
        for _ in range(repeats):
            start = time.perf_counter()
            _, report = examine(Source("<bench>", text))
            render(report.sorted(), colour=False)
            best = min(best, time.perf_counter() - start)
            found = len(report.diagnostics)
        yield FrontEndTiming(name, len(text.encode()), found, best)
