"""One small data set in every form in which its images can stay in their files."""

from pathlib import Path

import numpy as np
from PIL import Image

from tests.data.samples import idx, pixels

COUNT, SIZE = 90, 8
IMAGES = pixels(COUNT, 3, SIZE, SIZE, seed=4)
LABELS = np.sort((np.arange(COUNT) % 3).astype(np.uint8))


def write_idx_set(folder: Path) -> Path:
    """IDX images of rank four, channels first, their labels beside them."""
    (folder / "a-images").write_bytes(idx(IMAGES))
    (folder / "a-labels").write_bytes(idx(LABELS))
    return folder / "a-images"


def write_npy_set(folder: Path, *, last: bool = False, dtype: str = "uint8", order: str = "C") -> Path:
    """An array of images, channels first or `last`, and one of labels."""
    array = np.moveaxis(IMAGES, 1, 3) if last else IMAGES
    np.save(folder / "b-images.npy", array.astype(dtype, order=order))
    np.save(folder / "b-labels.npy", LABELS)
    return folder / "b-images.npy"


def write_pictures(folder: Path) -> Path:
    """A folder a class, of PNG files whose order by name is that of the images."""
    for number, (image, label) in enumerate(zip(IMAGES, LABELS, strict=True)):
        path = folder / "pictures" / f"class{label}" / f"{number:03}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.moveaxis(image, 0, 2)).save(path)
    return folder / "pictures"
