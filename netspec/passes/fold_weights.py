"""The arrays of a forward pass whose batch normalisations are folded into the weights before them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netspec.passes.fold import Fold, Folded

Array = NDArray[Any]


def folded_weights(folded: Folded, weights: Mapping[str, Array]) -> dict[str, Array]:
    """Every parameter and state of the folded graph by name, float32; `weights` are the checked graph's."""
    made = dict(weights)
    for fold in folded.folds:
        made.update(_made(fold, weights))
    kept = (*folded.graph.parameters, *folded.graph.states)
    return {each.value.name: made[each.value.name] for each in kept}


def _made(fold: Fold, weights: Mapping[str, Array]) -> dict[str, Array]:
    """Both arrays of a fold, computed in float64 and rounded once."""
    scale, shift, mean, variance = (weights[value.name].astype(np.float64) for value in fold.statistics)
    factor = scale / np.sqrt(variance + fold.epsilon)
    weight = weights[fold.weight.name].astype(np.float64)
    bias = np.zeros(fold.made_bias.shape) if fold.bias is None else weights[fold.bias.name].astype(np.float64)
    shifted = _along(factor, 0, bias) * (bias - _along(mean, 0, bias)) + _along(shift, 0, bias)
    scaled = weight * _along(factor, fold.axis, weight)
    return {fold.made_weight.name: scaled.astype(np.float32), fold.made_bias.name: shifted.astype(np.float32)}


def _along(channels: Array, axis: int, like: Array) -> Array:
    """(K,) so that it is broadcast along an axis of `like`."""
    shape = [1] * like.ndim
    shape[axis] = len(channels)
    return channels.reshape(shape)
