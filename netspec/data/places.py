"""Where published data sets are looked for, in which order, and what to say when one is nowhere."""

from __future__ import annotations

import os.path
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from netspec.data import idx
from netspec.data.published import Published
from netspec.diagnostics.failure import DataError

DEBIAN = Path("/usr/share/datasets")
"""Where Debian's packages put data sets: `dataset-fashion-mnist` for one."""

CIFAR_PLACES = {
    "cifar10": ("cifar-10-batches-bin", "cifar-10-binary.tar.gz", "cifar-10-batches-py", "cifar-10-python.tar.gz"),
    "cifar100": ("cifar-100-binary", "cifar-100-binary.tar.gz", "cifar-100-python", "cifar-100-python.tar.gz"),
}
"""Extracted folders and archives, by layout, the fastest to read first."""
CIFAR_FIRST = {"cifar10": ("data_batch_1.bin", "data_batch_1"), "cifar100": ("train.bin", "train")}
"""Files that tell a folder of extracted batches."""


@dataclass(frozen=True, slots=True)
class Places:
    """Folders of data sets (`mnist/`, `cifar10/`, … inside each). Only `cache` is ever written to.

    `data` is the one that the user named (`--data-dir`, `data_dir=`), `shared` the one that the environment names
    (`NETSPEC_DATA`, `environment.py`).
    """

    data: Path | None = None
    shared: Path | None = None
    cache: Path | None = None
    system: Path = DEBIAN

    @property
    def roots(self) -> tuple[Path, ...]:
        """In the order in which they are searched."""
        found = (self.data, self.shared, self.cache or default_cache(), self.system)
        return tuple(dict.fromkeys(root for root in found if root is not None))

    @property
    def download(self) -> Path:
        """Where downloads go."""
        return self.data or self.cache or default_cache()


def default_cache() -> Path:
    """The folder for downloaded data sets that the platform's conventions give."""
    return platformdirs.user_cache_path("netspec", appauthor=False) / "datasets"


def find(published: Published, places: Places) -> Path | None:
    """The first folder with the four IDX files, or folder or archive with the CIFAR batches."""
    found = (_in_folder(published, folder) for folder in _folders(published, places))
    return next((place for place in found if place is not None), None)


def locate(published: Published, places: Places) -> Path:
    """Like `find`; raises DataError (E501), which says what to put where, when there is none."""
    found = find(published, places)
    if found is None:
        raise _missing(published, places)
    return found


def _folders(published: Published, places: Places) -> Iterator[Path]:
    for root in places.roots:
        for name in published.folders:
            yield root / name


def _in_folder(published: Published, folder: Path) -> Path | None:
    if published.layout == "idx":
        return folder if not _absent(folder) else None
    for name in CIFAR_PLACES[published.layout]:
        if os.path.exists(folder / name):
            return folder / name
    if any(os.path.exists(folder / name) for name in CIFAR_FIRST[published.layout]):
        return folder
    return None


def _absent(folder: Path) -> list[str]:
    return [f"{stem}.gz" for stem in (*idx.TRAIN, *idx.TEST) if idx.find(folder, stem) is None]


def _missing(published: Published, places: Places) -> DataError:
    target = places.download / published.folders[0]
    names = ", ".join(f"`{file.name}`" for file in published.files)
    partly = [
        f"`{folder}` holds a part of it only: {', '.join(_absent(folder))} missing"
        for folder in _folders(published, places)
        if published.layout == "idx" and 0 < len(_absent(folder)) < 4
    ]
    looked = ", ".join(f"`{root}`" for root in places.roots)
    return DataError(
        "E501",
        f"the data set `{published.name}` is not on this machine",
        notes=(*partly, f"looked in {looked}"),
        helps=(
            f"`netspec data fetch {published.name}` downloads it to `{target}`",
            f"or put {names} from {published.mirrors[0]} into `{target}`",
            f"or name a folder that holds `{published.folders[0]}/` with `--data-dir` or `NETSPEC_DATA`",
        ),
    )
