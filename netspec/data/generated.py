"""The sets that are made rather than read: `spirals`, `circles`, `shapes`, and their options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from netspec.data.dataset import Collection, Part
from netspec.data.figures import figures
from netspec.data.levels import Levels
from netspec.data.points import circles, spirals
from netspec.diagnostics.failure import DataError
from netspec.ir.known_data import (
    GENERATED_CLASSES,
    MOST_NOISE,
    USUAL_COUNT,
    made_test_count,
    picture_fault,
    picture_shape,
)

Shape = tuple[int, ...]

LARGEST_COUNT = 10_000_000
TRAIN_STREAM, TEST_STREAM = 0, 1
SIZES = ("channels", "height", "width")
"""Options that only pictures have; `size=HxW` in a spec is `height` and `width` here."""


@dataclass(frozen=True, slots=True)
class Generated:
    """A set that is made. `noise` is its default; only pictures have sizes and channels."""

    name: str
    title: str
    noise: float
    pictures: bool = False

    @property
    def class_names(self) -> tuple[str, ...]:
        return GENERATED_CLASSES[self.name]


GENERATED: dict[str, Generated] = {
    "spirals": Generated("spirals", "points on two interleaved spirals", 0.02),
    "circles": Generated("circles", "points on two circles, one within the other", 0.05),
    "shapes": Generated("shapes", "drawings of simple figures", 0.05, pictures=True),
}


@dataclass(frozen=True, slots=True)
class GeneratedOptions:
    """The options of a generated set, checked: images to train on, deviation of the noise, shape (C, H, W)."""

    count: int
    noise: float
    shape: tuple[int, int, int]

    @property
    def test_count(self) -> int:
        """A quarter as many images more are made to test on."""
        return made_test_count(self.count)


def generate(name: str, extra: Mapping[str, object], seed: int, shape: Shape | None) -> Collection:
    """A generated set with a training and a test part; equal options, seed and net give equal images.

    `extra` holds `count` (2000 if not given), `noise`, and for `shapes` `channels`, `height` and `width`, which are
    else those of the net's input `shape`.
    """
    kind = GENERATED[name]
    options = _options(kind, extra, shape)
    train = _part(kind, options, options.count, seed, TRAIN_STREAM)
    test = _part(kind, options, options.test_count, seed, TEST_STREAM)
    description = f"{kind.title}, {options.count:,} + {options.test_count:,} made from seed {seed}"
    levels = Levels(white=255.0 if kind.pictures else 1.0, kind="made")
    return Collection(description, kind.class_names, levels, train, test=test)


def _part(kind: Generated, options: GeneratedOptions, count: int, seed: int, stream: int) -> Part:
    match kind.name:
        case "spirals":
            return spirals(seed, count, options.noise, stream=stream)
        case "circles":
            return circles(seed, count, options.noise, stream=stream)
        case _:
            return figures(seed, count, options.noise, options.shape, stream=stream)


def _options(kind: Generated, extra: Mapping[str, object], shape: Shape | None) -> GeneratedOptions:
    known = ("count", "noise", *SIZES) if kind.pictures else ("count", "noise")
    unknown = next((name for name in extra if name not in known), None)
    if unknown is not None:
        helps = (f"it takes {', '.join(f'`{name}`' for name in known)}",)
        raise DataError("E519", f"`{kind.name}` has no option `{unknown}`", helps=helps)
    count, noise = extra.get("count", USUAL_COUNT), extra.get("noise", kind.noise)
    if not isinstance(count, int) or not 1 <= count <= LARGEST_COUNT:
        raise DataError("E519", f"`count={count}`: `{kind.name}` makes 1 to {LARGEST_COUNT:,}")
    if not isinstance(noise, int | float) or not 0 <= noise <= MOST_NOISE:
        raise DataError("E519", f"`noise={noise}`: a deviation is a number from 0 to {MOST_NOISE:,}")
    return GeneratedOptions(count, float(noise), _picture_shape(extra, shape, count) if kind.pictures else (2, 1, 1))


def _picture_shape(extra: Mapping[str, object], shape: Shape | None, count: int) -> tuple[int, int, int]:
    odd = next((name for name in SIZES if not isinstance(extra.get(name, 1), int)), None)
    if odd is not None:
        raise DataError("E519", f"`{odd}={extra[odd]}`: a size is a whole number of pixels")
    asked = picture_shape(extra, shape)
    fault = picture_fault(count, asked)
    if fault is not None:
        raise DataError("E519", fault)
    return asked
