"""Files of data as others write them, for the tests of their readers."""

import gzip
import io
import os
import struct
import tarfile
import tracemalloc
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from netspec.diagnostics.failure import DataError

CODES = {"uint8": 0x08, "int8": 0x09, "int16": 0x0B, "int32": 0x0C, "float32": 0x0D, "float64": 0x0E}


def datasets() -> Path:
    """The folder of real data sets that NETSPEC_DATA names; skips the test where there is none."""
    folder = os.environ.get("NETSPEC_DATA")
    if not folder or not (Path(folder) / "mnist").is_dir():
        pytest.skip("NETSPEC_DATA names no folder with mnist/ in it")
    return Path(folder)


def cifar_archive() -> Path:
    """The real archive of CIFAR-10; skips the test where there is none."""
    found = datasets() / "cifar10" / "cifar-10-binary.tar.gz"
    if not found.is_file():
        pytest.skip("NETSPEC_DATA holds no cifar10/cifar-10-binary.tar.gz")
    return found


def idx(array: np.ndarray) -> bytes:
    """An array in the IDX format."""
    head = bytes((0, 0, CODES[array.dtype.name], array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.astype(array.dtype.newbyteorder(">")).tobytes()


def write_idx(path: Path, array: np.ndarray) -> Path:
    """Writes IDX, compressed where the name ends in `.gz`."""
    content = idx(array)
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)
    return path


def pixels(count: int, *shape: int, seed: int = 0) -> np.ndarray:
    """Random bytes of shape (count, *shape)."""
    return np.random.default_rng(seed).integers(0, 256, (count, *shape), np.uint8)


def labels(count: int, classes: int = 3) -> np.ndarray:
    """Bytes 0, 1, … classes - 1, 0, 1, …"""
    return (np.arange(count) % classes).astype(np.uint8)


def write_mnist(folder: Path, *, size: int = 28, count: int = 30, suffix: str = ".gz") -> Path:
    """A small set in the layout of MNIST."""
    folder.mkdir(parents=True, exist_ok=True)
    for part, number in (("train", count), ("t10k", count // 3)):
        write_idx(folder / f"{part}-images-idx3-ubyte{suffix}", pixels(number, size, size))
        write_idx(folder / f"{part}-labels-idx1-ubyte{suffix}", labels(number))
    return folder


def records(images: np.ndarray, numbers: np.ndarray, coarse: bool = False) -> bytes:
    """CIFAR's binary records of images (N, 3, 32, 32)."""
    parts = [numbers[:, None], images.reshape(len(images), -1)]
    return np.concatenate([numbers[:, None] % 2, *parts] if coarse else parts, axis=1).astype(np.uint8).tobytes()


def tar(members: dict[str, bytes], folder: str = "batches") -> bytes:
    """A tar archive compressed with gzip."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(f"{folder}/{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def refuses(code: str, action: Callable[[], object]) -> DataError:
    """The action raises a DataError of this code, which is returned."""
    with pytest.raises(DataError) as caught:
        action()
    assert caught.value.code == code, f"{caught.value.code}: {caught.value.message}"
    return caught.value


def reads_or_refuses(action: Callable[[], object], most_bytes: int = 64 << 20) -> bool:
    """Whether the action succeeds; if not it must raise a DataError, and it may take only so much memory."""
    refused: DataError | None = None
    tracemalloc.start()
    try:
        action()
    except DataError as error:
        refused = error
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < most_bytes, f"{peak:,} bytes"
    assert refused is None or refused.code.startswith("E5")
    return refused is None


GREYS = {"dark": 10, "grey": 110, "light": 210}
"""What the classes of `write_greys` are called, and their darkest level."""


def write_greys(folder: Path, names: Iterable[str] = GREYS, *, count: int = 8) -> Path:
    """A folder of pictures 8x8 with a training and a test part, whose classes differ in brightness."""
    levels = np.random.default_rng(0)
    for part in ("train", "test"):
        for name in names:
            (folder / part / name).mkdir(parents=True)
            for k in range(count):
                low = GREYS.get(name, 60)
                picture = levels.integers(low, low + 30, (8, 8)).astype(np.uint8)
                Image.fromarray(picture).save(folder / part / name / f"{k}.png")
    return folder
