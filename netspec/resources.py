"""Files that come with netspec: the grammar and the bundled specs.

In a wheel they lie inside the package, in a checkout beside it.
"""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def _folder(name: str) -> Path:
    inside = PACKAGE / name
    return inside if inside.is_dir() else PACKAGE.parent / name


def grammar_text() -> str:
    """The grammar of the language."""
    return (_folder("grammars") / "netspec.lark").read_text(encoding="utf-8")


def compiled_grammar_path() -> Path:
    """Where the tables that Lark makes of the grammar lie."""
    return _folder("grammars") / "netspec.json"


def compiled_grammar_text() -> str:
    """The tables that Lark makes of the grammar, as JSON."""
    return compiled_grammar_path().read_text(encoding="utf-8")


def specs_folder() -> Path:
    """Where the bundled specs lie."""
    return _folder("specs")


def bundled_specs() -> dict[str, Path]:
    """The bundled specs by bare name, sorted."""
    return {path.stem: path for path in sorted(specs_folder().glob("*.net"))}
