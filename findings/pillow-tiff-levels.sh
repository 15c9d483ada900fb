#!/usr/bin/env bash
# Pillow 13.0.0: the levels of grey TIFF files depend on the width of their samples.
#
# A scientific camera or a scanner writes baseline TIFF: one strip, no compression, one sample a pixel. Tag 262
# (PhotometricInterpretation) says whether 0 is black (1) or white (0), tag 339 (SampleFormat) whether samples are
# unsigned (1) or signed (2). One would expect both to be heeded or refused at every width (TIFF 6.0, sections 4 and 19).
#
# - 0 is white: 8-bit samples are inverted, 16-bit samples are not, so the same picture is a negative of itself.
# - unsigned 32 bits open in mode `I`, which is signed: 2^31 and above come out negative.
# - signed 8 bits open in mode `L`, which is unsigned: -1 comes out as 255, the brightest.
#
# None of them is refused or warned of. A reader of such files has to look at the tags itself.
# Fails where the behaviour is another one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0
cat > "$folder/levels.py" <<'PYTHON'
"""Writes grey TIFF files of two pixels, and tells what Pillow reads."""

import struct
import sys
from pathlib import Path

from PIL import Image


def write(name: str, bits: int, zero_is_white: bool, signed: bool, pixels: bytes) -> str:
    """A little-endian file: header, one directory, one strip."""
    entries = [
        (256, 3, 2),  # ImageWidth
        (257, 3, 1),  # ImageLength
        (258, 3, bits),  # BitsPerSample
        (259, 3, 1),  # Compression: none
        (262, 3, 0 if zero_is_white else 1),  # PhotometricInterpretation
        (273, 4, 8 + 2 + 10 * 12 + 4),  # StripOffsets
        (277, 3, 1),  # SamplesPerPixel
        (278, 3, 1),  # RowsPerStrip
        (279, 4, len(pixels)),  # StripByteCounts
        (339, 3, 2 if signed else 1),  # SampleFormat
    ]
    directory = struct.pack("<H", len(entries)) + b"".join(
        struct.pack("<HHI", tag, kind, 1) + (struct.pack("<HH", value, 0) if kind == 3 else struct.pack("<I", value))
        for tag, kind, value in entries
    )
    Path(name).write_bytes(b"II*\0" + struct.pack("<I", 8) + directory + b"\0\0\0\0" + pixels)
    return name


def read(name: str) -> str:
    with Image.open(name) as image:
        return f"{image.mode} {[image.getpixel((x, 0)) for x in range(2)]}"


FILES = {
    "8 bits, 0 is black": (8, False, False, struct.pack("<BB", 0, 200)),
    "8 bits, 0 is white": (8, True, False, struct.pack("<BB", 0, 200)),
    "16 bits, 0 is black": (16, False, False, struct.pack("<HH", 0, 200)),
    "16 bits, 0 is white": (16, True, False, struct.pack("<HH", 0, 200)),
    "32 bits, unsigned": (32, False, False, struct.pack("<II", 7, 1 << 31)),
    "8 bits, signed": (8, False, True, struct.pack("<bb", 7, -1)),
}
EXPECTED = {
    "8 bits, 0 is black": "L [0, 200]",
    "8 bits, 0 is white": "L [255, 55]",
    "16 bits, 0 is black": "I;16 [0, 200]",
    "16 bits, 0 is white": "I;16 [0, 200]",
    "32 bits, unsigned": "I [7, -2147483648]",
    "8 bits, signed": "L [7, 255]",
}
found = {name: read(write(f"{number}.tiff", *facts)) for number, (name, facts) in enumerate(FILES.items())}
for name, told in found.items():
    print(f"{name:22}{told}")
sys.exit(found != EXPECTED)
PYTHON
cd "$folder"
venv/bin/python levels.py || { echo "changed: see the first comment"; exit 1; }
# Seen:
# 8 bits, 0 is black    L [0, 200]
# 8 bits, 0 is white    L [255, 55]
# 16 bits, 0 is black   I;16 [0, 200]
# 16 bits, 0 is white   I;16 [0, 200]
# 32 bits, unsigned     I [7, -2147483648]
# 8 bits, signed        L [7, 255]
