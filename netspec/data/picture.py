"""One picture file as bytes: upright, eight bits, grey or colour or colour with alpha."""

from __future__ import annotations

import os.path
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from netspec.diagnostics.failure import DataError

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
"""Formats that are read. Pillow knows more, some of which start other programs (EPS)."""
MODES = {1: "L", 3: "RGB", 4: "RGBA"}
LARGEST_PIXELS = 1 << 26
"""Larger pictures are taken for decompression bombs."""

Pixels = NDArray[np.uint8]


class UnreadableError(Exception):
    """Why a file is no picture that can be used; the reader of a folder decides what to make of it."""


def read_picture(path: Path, channels: int, size: tuple[int, int] | None = None) -> Pixels:
    """A picture as bytes (C, H, W), resized to (height, width) if given. Raises DataError (E512, E514)."""
    if channels not in MODES:
        raise DataError("E514", f"a picture has 1, 3 or 4 channels, the net takes {channels}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return decode(path, channels, size)
        except UnreadableError as error:
            raise DataError("E512", f"`{path}` cannot be used: {error}") from None


def decode(path: Path, channels: int, size: tuple[int, int] | None) -> Pixels:
    """Like `read_picture`, for callers that have silenced Pillow's warnings. Raises UnreadableError.

    Pictures are turned as their EXIF data say. Sixteen bits become eight by rounding; transparent parts are seen on
    white where the net takes no alpha; of an animation the first picture counts.
    """
    if not os.path.isfile(path):
        raise UnreadableError("it is not a file" if os.path.lexists(path) else "there is no such file")
    try:
        with Image.open(path, formats=FORMATS) as opened:
            if opened.width * opened.height > LARGEST_PIXELS:
                raise UnreadableError(f"{opened.height}x{opened.width} pixels are too many")
            plain = _opaque(_eight_bits(ImageOps.exif_transpose(opened)), channels).convert(MODES[channels])
            fitted = plain if size is None else plain.resize((size[1], size[0]), Image.Resampling.BILINEAR)
            return _channels_first(np.asarray(fitted))
    except UnreadableError:
        raise
    except Image.DecompressionBombError:
        raise UnreadableError("its pixels are too many") from None
    except Image.UnidentifiedImageError:
        raise UnreadableError("not a picture in a known format") from None
    except PermissionError:
        raise UnreadableError("it may not be read") from None
    except Exception as error:  # Pillow's decoders raise nearly anything on broken files
        raise UnreadableError(f"broken: {str(error).strip() or type(error).__name__}") from None


def _channels_first(pixels: NDArray[np.uint8]) -> Pixels:
    return np.ascontiguousarray(pixels[None] if pixels.ndim == 2 else np.moveaxis(pixels, 2, 0))


def _eight_bits(image: Image.Image) -> Image.Image:
    """Grey pictures of sixteen bits by rounding; Pillow's own conversion would clip them to white."""
    if image.mode == "F":
        raise UnreadableError("its pixels are floating-point numbers")
    if not image.mode.startswith("I"):
        return image
    values = np.asarray(image).astype(np.int64)
    if values.min() < 0 or values.max() > 65_535:
        raise UnreadableError("its pixels have more than 16 bits")
    return Image.fromarray(((values + 128) // 257).astype(np.uint8))


def _opaque(image: Image.Image, channels: int) -> Image.Image:
    if channels == 4 or not image.has_transparency_data:
        return image
    paper = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(paper, image.convert("RGBA"))
