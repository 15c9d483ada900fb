"""One picture as a net takes it: upright, grey or colour or colour with alpha, of one size, in the units of its data.

`prepared` does that for every use: training, evaluation, prediction, and what `data show` draws.
"""

from __future__ import annotations

import os.path
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from netspec.data.grey import EIGHT_BITS, GreyFile
from netspec.data.levels import (
    BYTE_PICTURES,
    BYTES,
    FLOATS,
    INTEGERS,
    RANKS,
    Asked,
    FileNumbers,
    Levels,
    Numbers,
    UnsettledError,
    WiderError,
    in_units,
    require_settled,
)
from netspec.diagnostics.failure import DataError

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
"""Formats that are read. Pillow knows more, some of which start other programs (EPS)."""
MODES = {1: "L", 3: "RGB", 4: "RGBA"}
LARGEST_PIXELS = 1 << 26
"""Larger pictures are taken for decompression bombs."""
BY_WAY_OF = {"La": "LA", "LAB": "RGB"}
"""Modes that Pillow converts to some modes only."""

Pixels = NDArray[np.uint8 | np.float32]


class UnreadableError(Exception):
    """Why a file is no picture that can be used; the reader of a folder decides what to make of it."""


@dataclass(frozen=True, slots=True)
class Form:
    """How pictures are wanted: `channels`, (height, width) or as they are, and in which units. `asked` is what the spec
    says of levels while a data set is read, and None where the data set is known: then its units stay."""

    channels: int
    size: tuple[int, int] | None = None
    levels: Levels = BYTE_PICTURES
    asked: Asked | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """Pixels (C, H, W) in the wanted form. `size` is the height and width that the file has, `stored` what its numbers
    are; `loses_bits` tells that it has sixteen bits a colour, of which eight are read."""

    pixels: Pixels
    size: tuple[int, int]
    stored: FileNumbers
    loses_bits: bool


def read_picture(path: Path, form: Form) -> Picture:
    """A picture file. Raises DataError (E512, E514), and UnsettledError where the units do not tell its white."""
    if form.channels not in MODES:
        raise DataError("E514", f"a picture has 1, 3 or 4 channels, the net takes {form.channels}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return decode(path, form)
        except UnreadableError as error:
            raise DataError("E512", f"`{path}` cannot be used: {error}") from None


def decode(path: Path, form: Form) -> Picture:
    """Like `read_picture`, for callers that have silenced Pillow's warnings and know the channels.

    Raises UnreadableError, UnsettledError, and WiderError while a data set is read.
    """
    if not os.path.isfile(path):
        raise UnreadableError("it is not a file" if os.path.lexists(path) else "there is no such file")
    try:
        with Image.open(path, formats=FORMATS) as opened:
            if opened.width * opened.height > LARGEST_PIXELS:
                raise UnreadableError(f"{opened.height}x{opened.width} pixels are too many")
            return prepared(opened, form)
    except (UnreadableError, UnsettledError, WiderError):
        raise
    except Image.DecompressionBombError:
        raise UnreadableError("its pixels are too many") from None
    except Image.UnidentifiedImageError:
        raise UnreadableError("not a picture in a known format") from None
    except PermissionError:
        raise UnreadableError("it may not be read") from None
    except Exception as error:  # Pillow's decoders raise nearly anything on broken files
        raise UnreadableError(f"broken: {str(error).strip() or type(error).__name__}") from None


def prepared(image: Image.Image, form: Form) -> Picture:
    """A picture as Pillow has it, in the wanted form.

    Pictures are turned as their EXIF data say; transparent parts are seen on white where the net takes no alpha; of an
    animation the first picture counts. Pictures of eight bits a colour are resized as Pillow does it, with alpha by
    premultiplied colours; numbers of more bits keep them. Raises UnreadableError, UnsettledError and WiderError.
    """
    if not image.width * image.height:
        raise UnreadableError("it has no pixels")
    file = GreyFile(image)
    upright = ImageOps.exif_transpose(image)
    pixels, stored = _wide(upright, file, form) if file.is_wide else (_eight_bits(upright, form), EIGHT_BITS)
    return Picture(np.ascontiguousarray(pixels), (upright.height, upright.width), stored, file.loses_bits)


def _eight_bits(image: Image.Image, form: Form) -> Pixels:
    plain = _opaque(_convertible(image), form.channels).convert(MODES[form.channels])
    size = form.size
    fitted = plain if size is None else plain.resize((size[1], size[0]), Image.Resampling.BILINEAR)
    array = np.asarray(fitted)
    pixels = array[None] if array.ndim == 2 else np.moveaxis(array, 2, 0)
    if stays_bytes(form.levels):
        return pixels
    return in_units(pixels.astype(np.float64), EIGHT_BITS, form.levels).astype(np.float32)


def stays_bytes(levels: Levels) -> bool:
    """Whether a byte of a picture stays as it is in these units."""
    same = (levels.black, levels.white) == (0.0, 255.0)
    return (same and levels.kind not in (INTEGERS, FLOATS)) or (levels.kind == BYTES and levels.given)


def _convertible(image: Image.Image) -> Image.Image:
    return image.convert(BY_WAY_OF[image.mode]) if image.mode in BY_WAY_OF else image


def _opaque(image: Image.Image, channels: int) -> Image.Image:
    if channels == 4 or not image.has_transparency_data:
        return image
    paper = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(paper, image.convert("RGBA"))


def _wide(image: Image.Image, file: GreyFile, form: Form) -> tuple[Pixels, FileNumbers]:
    """Grey numbers of more than eight bits, which colours share, and an alpha of white."""
    values, stored = file.numbers(image)
    if not np.isfinite(values).all():
        raise UnreadableError("it holds numbers that are not finite")
    levels = form.levels
    if form.asked is not None:
        if RANKS[stored.kind] > RANKS[levels.kind]:
            raise WiderError(stored.kind)
        require_settled(stored, form.asked)
    units = in_units(values, stored, levels)
    units = levels.black + levels.white - units if file.inverted else units
    clear = image.info.get("transparency")
    alpha = np.where(values == clear, levels.black, levels.white) if isinstance(clear, int) else None
    if alpha is not None and form.channels != 4:
        units = np.where(values == clear, levels.white, units)
    plane = _resized(units, form.size)
    if form.channels != 4:
        return np.stack([plane] * form.channels), stored
    opaque = np.full_like(plane, levels.white) if alpha is None else _resized(alpha, form.size)
    return np.stack([plane, plane, plane, opaque]), stored


def _resized(values: Numbers, size: tuple[int, int] | None) -> NDArray[np.float32]:
    plane = values.astype(np.float32)
    if size is None:
        return plane
    return np.asarray(Image.fromarray(plane).resize((size[1], size[0]), Image.Resampling.BILINEAR))
