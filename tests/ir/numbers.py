"""Arrays that are kind to finite differences."""

import numpy as np

from netspec.ir.graph import Node, Value


def apart(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Float64 numbers between -6 and 12, no two closer than a gap of about 18 / size, and none within half a gap of
    the kinks at 0 and 6."""
    size = int(np.prod(shape))
    steps = max(1, -(-size // 3))  # gaps between 0 and 6
    places = rng.permutation(np.arange(-steps, 2 * steps))[:size]
    return (places.reshape(shape) + 0.5) * (6 / steps)


def arrays(node: Node, rng: np.random.Generator, images: int) -> dict[str, np.ndarray]:
    """A float64 array an input of the node; variances are positive."""
    return {value.name: _array(value, rng, images) for value in node.inputs}


def _array(value: Value, rng: np.random.Generator, images: int) -> np.ndarray:
    shape = (images, *value.shape) if value.batched else value.shape
    if value.name == "variance":
        return rng.uniform(0.5, 2, shape)
    return apart(rng, shape) if value.batched else rng.normal(size=shape)
