"""Contact sheets: blocks of small pictures, each with a label, under a title, notes and scales."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from netspec.diagnostics.cells import spelled

Tile = NDArray[np.uint8]
"""(H, W, 3): red, green and blue."""

MARGIN, GAP, APART = 12, 2, 10
"""Pixels around a sheet, between the tiles of a block, and between blocks."""
TITLE, TEXT = 18, 13
"""Sizes of letters in pixels."""
LINE = 18
STRIP = (160, 12)
"""Width and height of a scale."""
NARROWEST, WIDEST = 640, 4096
"""Pixels of a sheet; one of many or of large blocks has fewer in a row, but at least one."""
LONGEST = 120
"""Letters of a title; a longer one is cut."""
BACKGROUND, INK = (255, 255, 255), (0, 0, 0)


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Tiles of any size, `columns` in a row, under a label."""

    label: str
    tiles: tuple[Tile, ...]
    columns: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """What shades mean: `shades` (n, 3) from the number `low` to the number `high`, as they are written."""

    what: str
    shades: NDArray[np.uint8]
    low: str
    high: str


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """`together` blocks stay in one row. A tile is enlarged by a whole factor to about `side` pixels, all by the same;
    larger ones are shrunk to twice that."""

    title: str
    notes: tuple[str, ...]
    blocks: tuple[Block, ...]
    scales: tuple[Scale, ...] = ()
    together: int = 1
    side: int = 48


def draw_sheet(sheet: Sheet) -> bytes:
    """The sheet as a PNG, the same bytes for the same sheet."""
    blocks = [_block(sheet, block) for block in sheet.blocks]
    width = max((block.width for block in blocks), default=0)
    height = LINE + max((block.height for block in blocks), default=0)
    across = _across(len(blocks), width, height, sheet.together)
    inner = max(across * (width + APART) - APART, NARROWEST)
    head = _head(sheet, inner)
    rows = ceil(len(blocks) / across)
    size = inner + 2 * MARGIN, head.height + rows * (height + APART) + 2 * MARGIN
    canvas = Image.new("RGB", size, BACKGROUND)
    canvas.paste(head, (MARGIN, MARGIN))
    draw = ImageDraw.Draw(canvas)
    for number, (block, picture) in enumerate(zip(sheet.blocks, blocks, strict=True)):
        left = MARGIN + number % across * (width + APART)
        top = MARGIN + head.height + APART + number // across * (height + APART)
        draw.text((left, top), _fitting(block.label, TEXT, width), fill=INK, font=ImageFont.load_default(TEXT))
        canvas.paste(picture, (left, top + LINE))
    content = io.BytesIO()
    canvas.save(content, "PNG")
    return content.getvalue()


def _across(count: int, width: int, height: int, together: int) -> int:
    """Blocks in a row, a multiple of `together`, for a sheet about as wide as high."""
    room = max(1, (WIDEST + APART) // (width + APART) // together)
    square = max(1, round((count * (height + APART) / (width + APART)) ** 0.5 / together))
    enough = max(1, ceil(count / together))
    return min(room, max(square, NARROWEST // (together * (width + APART))), enough) * together


def _block(sheet: Sheet, block: Block) -> Image.Image:
    """The tiles of a block, each in the middle of its cell."""
    height, width = _cell(sheet)
    columns = min(block.columns, max(1, len(block.tiles)))
    rows = ceil(len(block.tiles) / columns)
    picture = Image.new("RGB", (columns * (width + GAP) - GAP, max(1, rows * (height + GAP) - GAP)), BACKGROUND)
    for number, tile in enumerate(block.tiles):
        shown = _scaled(tile, sheet)
        left = number % columns * (width + GAP) + (width - shown.width) // 2
        top = number // columns * (height + GAP) + (height - shown.height) // 2
        picture.paste(shown, (left, top))
    return picture


def _largest(sheet: Sheet) -> tuple[int, int]:
    """Height and width that hold any tile."""
    sizes = [tile.shape[:2] for block in sheet.blocks for tile in block.tiles]
    return max((h for h, _ in sizes), default=1), max((w for _, w in sizes), default=1)


def _cell(sheet: Sheet) -> tuple[int, int]:
    height, width = _largest(sheet)
    return _scaled_size(height, width, sheet)


def _scaled_size(height: int, width: int, sheet: Sheet) -> tuple[int, int]:
    longest = max(_largest(sheet))
    if longest <= 2 * sheet.side:
        factor = max(1, sheet.side // longest)
        return height * factor, width * factor
    return max(1, height * 2 * sheet.side // longest), max(1, width * 2 * sheet.side // longest)


def _scaled(tile: Tile, sheet: Sheet) -> Image.Image:
    height, width = _scaled_size(tile.shape[0], tile.shape[1], sheet)
    how = Image.Resampling.NEAREST if height >= tile.shape[0] else Image.Resampling.BOX
    return Image.fromarray(np.ascontiguousarray(tile)).resize((width, height), how)


def _head(sheet: Sheet, width: int) -> Image.Image:
    """Title, notes and scales, one below the other."""
    lines = [line for note in sheet.notes for line in _wrapped(note, width)]
    high = TITLE + APART + LINE * len(lines) + (LINE + GAP) * len(sheet.scales)
    picture = Image.new("RGB", (width, high), BACKGROUND)
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(TEXT)
    title = lettered(sheet.title)[:LONGEST]
    draw.text((0, 0), _fitting(title, TITLE, width), fill=INK, font=ImageFont.load_default(TITLE))
    top = TITLE + APART
    for line in lines:
        draw.text((0, top), line, fill=INK, font=font)
        top += LINE
    for scale in sheet.scales:
        _draw_scale(picture, draw, scale, top)
        top += LINE + GAP
    return picture


def _draw_scale(picture: Image.Image, draw: ImageDraw.ImageDraw, scale: Scale, top: int) -> None:
    font, left = ImageFont.load_default(TEXT), 0
    for text in (f"{lettered(scale.what)}:", lettered(scale.low)):
        draw.text((left, top), text, fill=INK, font=font)
        left += int(font.getlength(text)) + APART
    places = np.arange(STRIP[0]) * len(scale.shades) // STRIP[0]
    strip = np.repeat(scale.shades[places][None], STRIP[1], axis=0)
    picture.paste(Image.fromarray(strip), (left, top + 3))
    draw.rectangle((left, top + 3, left + STRIP[0] - 1, top + 2 + STRIP[1]), outline=INK)
    draw.text((left + STRIP[0] + APART, top), lettered(scale.high), fill=INK, font=font)


def lettered(text: str) -> str:
    """What the built-in typeface can draw: control characters as escapes, letters beyond Latin-1 as `?`."""
    return spelled(text).encode("latin-1", "replace").decode("latin-1")


def _fitting(text: str, size: int, width: int) -> str:
    """The text, cut where it is wider than `width`."""
    font, whole = ImageFont.load_default(size), lettered(text)
    if font.getlength(whole) <= width:
        return whole
    kept = whole
    while kept and font.getlength(f"{kept}..") > width:
        kept = kept[:-1]
    return f"{kept}.."


def _wrapped(text: str, width: int) -> Sequence[str]:
    """Lines of words, none wider than `width` unless it is one word, which is cut."""
    font, lines = ImageFont.load_default(TEXT), [""]
    for word in lettered(text).split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= width or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return [_fitting(line, TEXT, width) for line in lines]
