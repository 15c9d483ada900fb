"""Images to augment, and the recipes that augment them."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from netspec.ir.augmentation import Augmentation
from netspec.ir.evaluate_augmentation import Normal

ALL = Augmentation(2.0, 10 / 360, (0.9, 1.1), True, True, 8.0, 2.0, 0.2, 0.2, 0.02, 3)
"""Every transform."""
SINGLE = {
    "shift": Augmentation(shift=1.7),
    "rotate": Augmentation(turn=0.5),
    "scale": Augmentation(scale=(0.5, 2.0)),
    "mirror": Augmentation(mirror=True),
    "mirror vertical": Augmentation(mirror_vertical=True),
    "distort": Augmentation(distort=20.0, smoothness=1.5),
    "brightness": Augmentation(brightness=0.3),
    "contrast": Augmentation(contrast=0.4),
    "noise": Augmentation(noise=0.1),
    "cutout": Augmentation(cutout=3),
}
"""Every transform by itself."""


def pictures(count: int, shape: tuple[int, int, int], dtype: Any = np.uint8) -> Any:
    """Random images (N, C, H, W), none of whose pixels is the mean of `normal`: bytes, or float32 up to one."""
    draw = np.random.default_rng(count).integers(0, 128, (count, *shape)) * 2
    return draw.astype(np.uint8) if dtype == np.uint8 else (draw / 254).astype(np.float32)


def normal(images: Any) -> Normal:
    """Means and factors a channel, exact in float32."""
    white = 255.0 if images.dtype == np.uint8 else 1.0
    channels = np.arange(images.shape[1])
    mean = (101 + 2 * channels) / (256 if white == 1 else 1)
    return Normal(mean, 2.0**-6 * (1 + channels) * (255 if white == 1 else 1), white)


@st.composite
def augmentations(draw: st.DrawFn) -> Augmentation:
    """Any transforms, each of any strength or none."""

    def strength(most: float) -> float:
        return draw(st.just(0.0) | st.floats(0.0, most, width=32))

    low = draw(st.floats(0.25, 2.0, width=32))
    return Augmentation(
        shift=strength(9.0),
        turn=strength(0.5),
        scale=draw(st.just((1.0, 1.0)) | st.just((low, low + 0.5))),
        mirror=draw(st.booleans()),
        mirror_vertical=draw(st.booleans()),
        distort=strength(30.0),
        smoothness=draw(st.floats(0.25, 8.0)),
        brightness=strength(1.0),
        contrast=strength(1.0),
        noise=strength(0.5),
        cutout=draw(st.integers(0, 7)),
    )
