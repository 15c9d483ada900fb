"""`netspec layers`: the vocabulary, read off the tables that the checker uses."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

import click

from netspec.check.vocabulary import tables as vocabulary
from netspec.check.vocabulary.kinds import Entry, Slot, Switch
from netspec.check.words.kinds import allowed
from netspec.cli.options import json_option
from netspec.cli.show.printing import say, say_json
from netspec.diagnostics.failure import UsageError

SECTIONS: dict[str, Mapping[str, Entry]] = {
    "file": vocabulary.TOP_LEVEL,
    "net": vocabulary.LAYERS,
    "data": vocabulary.DATA,
    "augment": vocabulary.AUGMENT,
    "train": vocabulary.TRAIN,
    "schedule": vocabulary.SCHEDULES,
    "loss": {name: Entry(name, doc) for name, doc in vocabulary.LOSSES.items()},
}
"""Where a word can stand, and the words that can stand there."""


@click.command("layers")
@click.argument("name", required=False)
@json_option
def command(name: str | None, as_json: bool) -> None:
    """List what a spec may say, or tell all about one word: `netspec layers conv`."""
    found = [
        (section, entry)
        for section, entries in SECTIONS.items()
        for word, entry in entries.items()
        if name in (None, word)
    ]
    if not found:
        raise _unknown(str(name))
    if as_json:
        say_json({"entries": [_document(section, entry) for section, entry in found]})
    elif name is None:
        _list()
    else:
        say("\n\n".join(_described(section, entry) for section, entry in found))


def _unknown(name: str) -> UsageError:
    words = sorted({word for entries in SECTIONS.values() for word in entries})
    close = get_close_matches(name, words, n=3)
    helps = (f"did you mean {', '.join(f'`{c}`' for c in close)}?",) if close else ("`netspec layers` lists them all",)
    return UsageError("E611", f"`{name}` is no word of the language", helps=helps)


def _list() -> None:
    for section, entries in SECTIONS.items():
        say(f"{section}:")
        width = max(len(entry.usage) for entry in entries.values())
        for entry in entries.values():
            say(f"  {entry.usage.ljust(width)}  {entry.doc}")
        say()
    say("`netspec layers NAME` tells a word's attributes and defaults")


def _described(section: str, entry: Entry) -> str:
    """A word with every argument: what it is, what it allows, its default and unit."""
    slots = [(slot.name, slot) for slot in entry.positional]
    slots += [(slot.name if isinstance(slot.kind, Switch) else f"{slot.name}=", slot) for slot in entry.attributes]
    width = max((len(shown) for shown, _ in slots), default=0)
    lines = [f"{entry.usage}  ({section})", f"    {entry.doc}"]
    lines += [f"    {shown.ljust(width)}  {_told(slot)}" for shown, slot in slots]
    if entry.flagged:
        lines.append("    flags: an activation such as `relu`, and `as NAME`")
    return "\n".join(lines)


def _told(slot: Slot) -> str:
    if isinstance(slot.kind, Switch):
        return f"{slot.doc} (a flag)"
    unit = f", in {slot.unit}" if slot.unit else ""
    default = f"; default {slot.shown}" if slot.shown else ""
    return f"{slot.doc}: {allowed(slot.kind)}{unit}{default}"


def _document(section: str, entry: Entry) -> dict[str, object]:
    return {
        "name": entry.name,
        "section": section,
        "usage": entry.usage,
        "about": entry.doc,
        "positional": [_slot_document(slot) for slot in entry.positional],
        "attributes": [_slot_document(slot) for slot in entry.attributes],
        "flags": entry.flagged,
    }


def _slot_document(slot: Slot) -> dict[str, object]:
    return {
        "name": slot.name,
        "about": slot.doc,
        "allowed": allowed(slot.kind),
        "required": slot.required,
        "default": slot.shown,
        "unit": slot.unit,
    }
