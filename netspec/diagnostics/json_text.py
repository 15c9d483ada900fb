"""JSON as text that can be written and shown: what is not printable stands as an escape."""

from __future__ import annotations

import json
import re

UNSAFE = re.compile(r"[^\n -~]")
"""Of the text of a document, all but ASCII that can be printed, and the line ends between its members."""


def json_text(document: object, *, only_ascii: bool = False) -> str:
    """The document, two blanks a level.

    Letters stand as they are, or all as escapes with `only_ascii`. Control characters are escapes, and so are the
    bytes of a file's name that are no UTF-8: `"\\udcfc"`, which Python reads back as the name that its `os` knows.
    """
    text = json.dumps(document, indent=2, ensure_ascii=only_ascii)
    return UNSAFE.sub(_escaped_unless_printable, text)


def _escaped_unless_printable(found: re.Match[str]) -> str:
    return found[0] if found[0].isprintable() else json.dumps(found[0])[1:-1]
