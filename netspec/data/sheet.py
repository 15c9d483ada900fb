"""A contact sheet: some images of each class in a row, with the name of the class; points as a scatter plot."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from netspec.data.dataset import Images, Part
from netspec.data.levels import Levels
from netspec.diagnostics.cells import spelled

CELL = 56
"""Side in pixels that images are brought to, by whole factors where they are smaller."""
GAP = 4
LETTERS = 18
MOST_ROWS = 100
PLOT = 480
COLOURS = ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf")
"""Of points, by class, in turn."""


def contact_sheet(part: Part, class_names: tuple[str, ...], levels: Levels, columns: int = 10) -> Image.Image:
    """The first `columns` images of each class, a row a class; of more than a hundred classes the first hundred.

    Pixels are shown from black, or the smallest of those shown where that is below, to white. Images of two numbers are
    points.
    """
    if part.images.shape[1:] == (2, 1, 1):
        return _scatter(part)
    labels = range(min(len(class_names), MOST_ROWS))
    rows = [part.images[np.flatnonzero(part.labels == label)[:columns]] for label in labels]
    return picture_sheet(rows, class_names[: len(rows)], _darkest(rows, levels.black), levels.white, columns)


def _darkest(rows: Sequence[Images], black: float) -> float:
    """The smallest value, black if none is below."""
    return min(black, *(float(images.min()) for images in rows if images.size))


def picture_sheet(
    rows: Sequence[Images], titles: Sequence[str], black: float, white: float, columns: int
) -> Image.Image:
    """Images (N, C, H, W) of one size in rows of up to `columns`, each with its title; pixels from black to white."""
    width, height = _cell_size(rows[0].shape[3], rows[0].shape[2])
    font, names = ImageFont.load_default(), [_letters(title) for title in titles]
    left = 3 * GAP + int(max(font.getlength(name) for name in names))
    sheet = Image.new("RGB", (left + columns * (width + GAP), len(rows) * (height + GAP) + GAP), "white")
    draw = ImageDraw.Draw(sheet)
    for row, images in enumerate(rows):
        top = GAP + row * (height + GAP)
        draw.text((GAP, top + height // 2 - 6), names[row], fill="black", font=font)
        for column, pixels in enumerate(_as_bytes(images, black, white)):
            picture = Image.fromarray(_drawable(pixels)).convert("RGB")
            shown = picture.resize((width, height), _filter(picture.width, width))
            sheet.paste(shown, (left + column * (width + GAP), top))
    return sheet


def _as_bytes(images: Images, black: float, white: float) -> NDArray[np.uint8]:
    span = max(white - black, 1e-30)
    return np.clip(np.rint((images.astype(np.float32) - black) * (255.0 / span)), 0, 255).astype(np.uint8)


def _drawable(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H, W) or (H, W, 3) of (C, H, W): the first channel where there are neither three nor four."""
    return np.moveaxis(pixels[:3], 0, 2) if len(pixels) in (3, 4) else pixels[0]


def _cell_size(width: int, height: int) -> tuple[int, int]:
    longest = max(width, height)
    if longest <= CELL:
        factor = CELL // longest
        return width * factor, height * factor
    return max(1, width * 2 * CELL // longest), max(1, height * 2 * CELL // longest)


def _filter(width: int, shown: int) -> Image.Resampling:
    return Image.Resampling.NEAREST if shown >= width else Image.Resampling.BOX


def _letters(name: str) -> str:
    """What the built-in typeface can draw, shortened."""
    drawable = spelled(name).encode("latin-1", "replace").decode("latin-1")
    return drawable if len(drawable) <= LETTERS else f"{drawable[: LETTERS - 2]}.."


def _scatter(part: Part) -> Image.Image:
    points = part.images[:][:, :, 0, 0].astype(np.float64)
    reach = 1.05 * max(float(np.abs(points).max()), 1e-30)
    places = (points * [1, -1] / reach + 1) * (PLOT / 2)
    sheet = Image.new("RGB", (PLOT, PLOT), "white")
    draw = ImageDraw.Draw(sheet)
    for (x, y), label in zip(places, part.labels, strict=True):
        draw.ellipse((x - 2, y - 2, x + 2, y + 2), fill=COLOURS[int(label) % len(COLOURS)])
    return sheet
