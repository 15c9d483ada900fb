"""What `augment` does to a training image, as numbers: the meaning is in `evaluate_augmentation.py`."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from netspec.ir.recipe import Transform

SMOOTHING_REACH = 3.0
"""The Gaussian of `distort` is cut off at so many deviations."""

SUMMED_RADIUS = 1 << 20
"""Beyond it the sum of the Gaussian is its integral, from which it differs by less than a millionth."""
FAR = 1e100
"""deviations; the Gaussian is zero long before"""

STREAMS = {
    "shift": 0x53484654,
    "rotate": 0x524F5441,
    "scale": 0x5343414C,
    "mirror": 0x4D495252,
    "crop": 0x43524F50,
    "distort": 0x44495354,
    "brightness": 0x42524947,
    "contrast": 0x434F4E54,
    "noise": 0x4E4F4953,
    "cutout": 0x4355544F,
}
"""Last word of a transform's counters, four letters of its name; the others are image, epoch and block. So what one
transform draws does not depend on which others there are, nor on the minibatch."""


@dataclass(frozen=True, slots=True)
class Augmentation:
    """Strengths of all transforms but `crop`, which evaluation has too; as it is, it does nothing.

    Shift, displacement and cutout in pixels, `turn` in whole turns each way, `scale` the range of factors; brightness
    and the deviation of noise as parts of white, contrast as a part of an image's own.
    """

    shift: float = 0.0
    turn: float = 0.0
    scale: tuple[float, float] = (1.0, 1.0)
    mirror: bool = False
    mirror_vertical: bool = False
    distort: float = 0.0
    smoothness: float = 4.0
    brightness: float = 0.0
    contrast: float = 0.0
    noise: float = 0.0
    cutout: int = 0

    @property
    def warps(self) -> bool:
        """Whether pixels move, other than by a crop."""
        moved = self.shift or self.turn or self.mirror or self.mirror_vertical or self.distort
        return bool(moved) or self.scale != (1.0, 1.0)

    @property
    def tones(self) -> bool:
        """Whether pixels change where they are."""
        return bool(self.brightness or self.contrast or self.noise or self.cutout)

    def cut_side(self, height: int, width: int) -> int:
        """Side of the square that is cut from an image of this size: one that covers it from every pixel is enough."""
        return min(self.cutout, 2 * (height + width))


def augmentation(transforms: Iterable[Transform]) -> Augmentation | None:
    """The transforms of an `augment` block together; None where nothing is left but a crop and strengths of zero."""
    found = Augmentation()
    for transform in transforms:
        found = _with(found, transform)
    return found if found.warps or found.tones else None


def _with(found: Augmentation, transform: Transform) -> Augmentation:
    values = transform.values
    match transform.kind:
        case "shift":
            return replace(found, shift=_number(values["pixels"]))
        case "rotate":
            return replace(found, turn=_number(values["degrees"]) / 360)
        case "scale":
            low, high = _pair(values["range"])
            return replace(found, scale=(low, high))
        case "mirror" if values.get("axis") == "vertical":
            return replace(found, mirror_vertical=True)
        case "mirror":
            return replace(found, mirror=True)
        case "distort":
            return replace(found, distort=_number(values["alpha"]), smoothness=_number(values["sigma"]))
        case "cutout":
            return replace(found, cutout=int(_number(values["side"])))
        case "brightness" | "contrast":
            return replace(found, **{transform.kind: _number(values["amount"])})
        case "noise":
            return replace(found, noise=_number(values["deviation"]))
        case _:
            return found


def _number(value: object) -> float:
    return float(str(value))


def _pair(value: object) -> tuple[float, float]:
    assert isinstance(value, tuple)
    low, high = (float(str(end)) for end in value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return low, high


def smoothing_weights(smoothness: float, size: int) -> tuple[float, ...]:
    """One half of the Gaussian of `distort`, from its middle on; the whole, both halves, sums to one.

    No more of them than an image of `size` pixels needs, for beyond the image there is nothing to smooth.
    """
    radius = math.ceil(SMOOTHING_REACH * smoothness)
    if radius > SUMMED_RADIUS:
        total = smoothness * math.sqrt(2 * math.pi) * math.erf(SMOOTHING_REACH / math.sqrt(2))
    else:
        total = 1 + 2 * math.fsum(_bell(k / smoothness) for k in range(1, radius + 1))
    return tuple(_bell(k / smoothness) / total for k in range(min(radius + 1, size)))


def _bell(deviations: float) -> float:
    """exp(-x²/2), also where the square is too large for a float."""
    return math.exp(-0.5 * min(deviations, FAR) ** 2)
