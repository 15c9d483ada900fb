"""Blocks that call themselves, found on the call graph before anything is expanded."""

from __future__ import annotations

from collections.abc import Mapping

from netspec.check.definitions import statements_in
from netspec.check.net.cycles import Cycle, walk
from netspec.check.scope import Block
from netspec.check.words import structure as words
from netspec.diagnostics.message import Report


def mark_recursive(blocks: Mapping[str, Block], report: Report) -> None:
    """Reports every call that closes a cycle (E211) and marks the blocks on it, so that nobody expands them.

    Blocks of other files cannot call back (files do not use each other in a cycle), so one file's suffice.
    """
    calls = {
        name: tuple(call.name for call in statements_in(block.body) if call.name.text in blocks)
        for name, block in blocks.items()
    }
    for event in walk(iter(blocks), lambda name: iter(calls[name])):
        if isinstance(event, Cycle):
            for name in event.members:
                blocks[name].recursive = True
            caller = event.members[-1]
            report.add(words.recursion(event.closing, caller, blocks[caller].where.span))
