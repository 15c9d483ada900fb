"""A word of a command line, quoted so that a shell reads it as it is and a terminal shows nothing but letters."""

from __future__ import annotations

import shlex

from netspec.diagnostics.cells import BYTES


def quoted(word: str) -> str:
    """`runs/a`, `'my runs/a'`; with letters that cannot be shown `$'runs/\\374'`, as bash, zsh and ksh read it."""
    return shlex.quote(word) if word.isprintable() else f"$'{''.join(map(_escaped, word))}'"


def _escaped(letter: str) -> str:
    if letter in "\\'":
        return f"\\{letter}"
    if letter.isprintable():
        return letter
    # octal, since it ends after three digits: in `\xfcab` a shell may read four
    content = letter.encode("utf-8", "surrogateescape" if ord(letter) in BYTES else "surrogatepass")
    return "".join(f"\\{byte:03o}" for byte in content)
