"""The numbers of grey pictures with more than eight bits, as their files hold them.

Pillow's own conversions cut them off at 255. What its modes do not tell stands in the tags of TIFF, and in how it is
about to decode a file: unsigned and signed numbers, twelve bits in sixteen, white that is zero.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from netspec.data.levels import BYTES, FLOATS, INTEGERS, OWN_WHITE, FileNumbers, Numbers

BITS, FORMAT, PHOTOMETRIC = 258, 339, 262
"""Tags of TIFF."""
SIGNED, WHITE_IS_ZERO = 2, 0


class GreyFile:
    """A picture that is about to be decoded: it is asked before Pillow forgets how."""

    def __init__(self, image: Image.Image) -> None:
        tags = cast("dict[int, Any]", getattr(image, "tag_v2", {}))
        self._bits = tags.get(BITS, (0,))[0]
        self._signed = tags.get(FORMAT, (1,))[0] == SIGNED
        self._unsigned = bool(tags) and not self._signed
        self._largest = _announced_largest(image)
        self._signed_bytes = image.mode == "L" and self._bits == 8 and self._signed
        self.is_wide = image.mode == "F" or image.mode.startswith("I") or self._signed_bytes
        self.inverted = image.mode.startswith(("I;16", "F")) and tags.get(PHOTOMETRIC) == WHITE_IS_ZERO
        """Whether 0 is white, and Pillow leaves it so."""
        self.loses_bits = not self.is_wide and _raw_mode_is_wide(image)
        """Whether Pillow reads eight of the sixteen bits a colour that the file has."""

    def numbers(self, image: Image.Image) -> tuple[Numbers, FileNumbers]:
        """The numbers (H, W) of the decoded picture, and what they are."""
        values, name = self._typed(np.asarray(image))
        own = self._largest or (4095.0 if self._bits == 12 else OWN_WHITE.get(name))
        kind = FLOATS if name.startswith("float") else INTEGERS
        own = 1.0 if kind == FLOATS else own
        return values, FileNumbers(name, kind, own, float(values.min()), float(values.max()))

    def _typed(self, array: NDArray[Any]) -> tuple[Numbers, str]:
        """The values in float64, and NumPy's name of the type that the file has."""
        if self._signed_bytes:
            return array.view(np.int8).astype(np.float64), "int8"
        if array.dtype.kind == "f":
            return array.astype(np.float64), "float32"
        if self._largest is not None:  # Pillow has scaled them to 16 bits
            return np.rint(array * (self._largest / 65_535.0)), "uint16"
        if array.dtype.itemsize == 2:
            return array.astype(np.float64), "uint16"
        if self._bits == 16:
            return array.astype(np.float64), "int16"
        if self._unsigned and self._bits == 32:
            return array.view(np.uint32).astype(np.float64), "uint32"
        return array.astype(np.float64), "int32"


EIGHT_BITS = FileNumbers("uint8", BYTES, 255.0, 0.0, 255.0)
"""What the numbers of all other pictures are, as Pillow has them."""


def _announced_largest(image: Image.Image) -> float | None:
    """White by the header of a PGM file of sixteen bits, which Pillow scales to 65,535 and then forgets."""
    if image.format != "PPM" or image.mode != "I":
        return None
    arguments = _decoder_arguments(image)
    return float(arguments[1]) if len(arguments) > 1 else OWN_WHITE["uint16"]


def _raw_mode_is_wide(image: Image.Image) -> bool:
    arguments = _decoder_arguments(image)
    if image.format == "PPM":
        return len(arguments) > 1 and arguments[1] > 255
    return any(isinstance(one, str) and ";16" in one for one in arguments)


def _decoder_arguments(image: Image.Image) -> tuple[Any, ...]:
    tiles = cast("list[Any]", getattr(image, "tile", []))
    found = tiles[0][3] if tiles else ()
    return cast("tuple[Any, ...]", found) if isinstance(found, tuple) else (found,)
