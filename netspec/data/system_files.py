"""Files and folders that systems and programs leave beside a person's own, and that are read nowhere."""

from __future__ import annotations

from pathlib import Path

from netspec.data.failures import reading

LEFT_BY_SYSTEMS = frozenset(
    (
        "$recycle.bin",  # Windows
        "desktop.ini",
        "ehthumbs.db",
        "system volume information",
        "thumbs.db",
        "__macosx",  # macOS, in archives
        "icon\r",
        "lost+found",  # Linux
        "#recycle",  # Synology's and QNAP's file servers
        "#snapshot",
        "@eadir",
        "@recently-snapshot",
        "@recycle",
        "@tmp",
        "__pycache__",  # Python
    )
)
"""Names in lower case. Beside them are all that begin with a dot (`.git`, `.ipynb_checkpoints`, `._a.png`)."""


def is_hidden(name: str) -> bool:
    """Whether a file or folder of this name is none of a person's own."""
    return (name.startswith(".") and name != "..") or name.lower() in LEFT_BY_SYSTEMS


def folders_in(folder: Path) -> list[Path]:
    """The folders straight within a folder, links to folders among them, sorted. Raises DataError (E502)."""
    with reading(folder):
        return sorted(path for path in folder.iterdir() if path.is_dir() and not is_hidden(path.name))


def files_in(folder: Path) -> list[Path]:
    """What else lies straight within it, sorted. Raises DataError (E502)."""
    with reading(folder):
        return sorted(path for path in folder.iterdir() if not path.is_dir() and not is_hidden(path.name))
