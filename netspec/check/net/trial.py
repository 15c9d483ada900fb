"""Blocks that the net does not call are checked too: with unknown parameters, on an unknown input."""

from __future__ import annotations

from contextlib import suppress

from netspec.check.modules import File
from netspec.check.net.bodies import block_scope, elaborate_body
from netspec.check.net.flow import Instance, Names
from netspec.check.net.place import Construction, ExhaustedError, Place
from netspec.check.scope import UNKNOWN, Block
from netspec.diagnostics.message import Report


def try_uncalled(file: File, called: frozenset[int], report: Report) -> None:
    """Reports the mistakes in blocks of this file that were not elaborated with real arguments."""
    construction = Construction(report, expands=False)
    for block in file.blocks.values():
        if id(block) not in called or block.recursive:
            _try(construction, block, report)


def _try(construction: Construction, block: Block, report: Report) -> None:
    names = (slot.name for slot in block.entry.positional)
    scope = block_scope(report, block, {name: None if name in block.defaults else UNKNOWN for name in names}, None)
    with suppress(ExhaustedError):
        elaborate_body(Place(construction, scope, Names(), Instance()), block.body, None)
