"""The words of the language, for those who print, complete or look them up: four tables of frozen entries."""

from __future__ import annotations

from netspec.check.vocabulary.kinds import Entry
from netspec.check.vocabulary.layers import ACTIVATIONS, LAYERS
from netspec.check.vocabulary.recipe import AUGMENT, BUILT_IN_SETS, DATA, GENERATED_SETS, LOSSES, SCHEDULES, TRAIN

__all__ = [
    "ACTIVATIONS",
    "AUGMENT",
    "BUILT_IN_SETS",
    "DATA",
    "GENERATED_SETS",
    "LAYERS",
    "LOSSES",
    "SCHEDULES",
    "TOP_LEVEL",
    "TRAIN",
]

TOP_LEVEL: dict[str, Entry] = {
    "use": Entry("use", "brings in the lets and blocks of another file"),
    "let": Entry("let", "a constant: `let K = 5`"),
    "block": Entry("block", "a reusable stack: `block vgg(n, c, k=3) { … }`", bodies=(1, 1)),
    "net": Entry("net", "the network: `net NAME { … }` or `net NAME(D=32) { … }`", bodies=(1, 1)),
    "data": Entry("data", "what to train on"),
    "augment": Entry("augment", "transforms of each training image, drawn anew each epoch", bodies=(1, 1)),
    "train": Entry("train", "loss, optimiser, schedule, batch, epochs, seed", bodies=(1, 1)),
}
"""Statements of a file."""
