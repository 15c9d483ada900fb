"""The sets that are made rather than read: `spirals`, `circles`, `shapes`, and their options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite

from netspec.data.dataset import Collection, Part
from netspec.data.figures import FIGURES, figures
from netspec.data.levels import Levels
from netspec.data.points import circles, spirals
from netspec.diagnostics.failure import DataError

Shape = tuple[int, ...]

LARGEST_BYTES = 1 << 32
LEAST_SIZE = 4
LARGEST_COUNT = 10_000_000
USUAL_COUNT = 2000
TRAIN_STREAM, TEST_STREAM = 0, 1
SIZES = ("channels", "height", "width")
"""Options that only pictures have; `size=HxW` in a spec is `height` and `width` here."""


@dataclass(frozen=True, slots=True)
class Generated:
    """A set that is made. `noise` is its default; only pictures have sizes and channels."""

    name: str
    title: str
    class_names: tuple[str, ...]
    noise: float
    pictures: bool = False


GENERATED: dict[str, Generated] = {
    "spirals": Generated("spirals", "points on two interleaved spirals", ("first", "second"), 0.02),
    "circles": Generated("circles", "points on two circles, one within the other", ("inner", "outer"), 0.05),
    "shapes": Generated("shapes", "drawings of simple figures", tuple(FIGURES), 0.05, pictures=True),
}


@dataclass(frozen=True, slots=True)
class Wish:
    """The options of a generated set, checked: images to train on, deviation of the noise, shape (C, H, W)."""

    count: int
    noise: float
    shape: tuple[int, int, int]

    @property
    def test_count(self) -> int:
        """A quarter as many images more are made to test on."""
        return -(-self.count // 4)


def generate(name: str, extra: Mapping[str, object], seed: int, shape: Shape | None) -> Collection:
    """A generated set with a training and a test part; equal options, seed and net give equal images.

    `extra` holds `count` (2000 if not given), `noise`, and for `shapes` `channels`, `height` and `width`, which are
    else those of the net's input `shape`.
    """
    kind = GENERATED[name]
    wish = _wish(kind, extra, shape)
    train = _part(kind, wish, wish.count, seed, TRAIN_STREAM)
    test = _part(kind, wish, wish.test_count, seed, TEST_STREAM)
    description = f"{kind.title}, {wish.count:,} + {wish.test_count:,} made from seed {seed}"
    levels = Levels(white=255.0 if kind.pictures else 1.0, kind="made")
    return Collection(description, kind.class_names, levels, train, test=test)


def made_counts(name: str, extra: Mapping[str, object]) -> tuple[int, ...]:
    """Images of each class in the training part: classes take turns."""
    count, classes = int(str(extra.get("count", USUAL_COUNT))), len(GENERATED[name].class_names)
    return tuple(len(range(label, count, classes)) for label in range(classes))


def _part(kind: Generated, wish: Wish, count: int, seed: int, stream: int) -> Part:
    match kind.name:
        case "spirals":
            return spirals(seed, count, wish.noise, stream=stream)
        case "circles":
            return circles(seed, count, wish.noise, stream=stream)
        case _:
            return figures(seed, count, wish.noise, wish.shape, stream=stream)


def _wish(kind: Generated, extra: Mapping[str, object], shape: Shape | None) -> Wish:
    known = ("count", "noise", *SIZES) if kind.pictures else ("count", "noise")
    unknown = next((name for name in extra if name not in known), None)
    if unknown is not None:
        helps = (f"it takes {', '.join(f'`{name}`' for name in known)}",)
        raise DataError("E519", f"`{kind.name}` has no option `{unknown}`", helps=helps)
    count, noise = extra.get("count", USUAL_COUNT), extra.get("noise", kind.noise)
    if not isinstance(count, int) or not 1 <= count <= LARGEST_COUNT:
        raise DataError("E519", f"`count={count}`: `{kind.name}` makes 1 to {LARGEST_COUNT:,}")
    if not isinstance(noise, int | float) or not isfinite(noise) or noise < 0:
        raise DataError("E519", f"`noise={noise}`: a deviation is a number of at least 0")
    return Wish(count, float(noise), _picture_shape(extra, shape, count) if kind.pictures else (2, 1, 1))


def _picture_shape(extra: Mapping[str, object], shape: Shape | None, count: int) -> tuple[int, int, int]:
    sizes = shape if shape is not None and len(shape) == 3 else (3, 32, 32)
    channels, height, width = (extra.get(name, size) for name, size in zip(SIZES, sizes, strict=True))
    if channels not in (1, 3):
        message = f"`shapes` with {channels} channels: they are drawn with 1, grey, or 3, colour"
        raise DataError("E519", message, helps=("`channels=3`",))
    if not (isinstance(height, int) and isinstance(width, int) and min(height, width) >= LEAST_SIZE):
        raise DataError("E519", f"`shapes` of {height}x{width} pixels: they are at least {LEAST_SIZE}x{LEAST_SIZE}")
    colours = 1 if channels == 1 else 3
    if count * colours * height * width > LARGEST_BYTES:
        raise DataError("E519", f"{count:,} images of {colours}x{height}x{width} take more than 4 GiB")
    return colours, height, width
