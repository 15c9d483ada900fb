"""Warnings of dead layers: no gradient passes through them any more."""

from __future__ import annotations

from collections.abc import Iterator

from netspec.ir.program import Program
from netspec.train.events import Warned
from netspec.train.step.snapshot import Position
from netspec.train.watch.sample import flat_functions

RELU_HELPS = (
    "a smaller learning rate keeps steps from throwing all units off at once; so does `schedule … warmup=1`",
    "`leaky_relu` in place of `relu` always lets something through",
)
BATCH_NORM_HELP = "`batchnorm` before it brings units back"
"""Not for minibatches of one image: there batchnorm is an error (E410), or no help."""
SATURATED_HELPS = (
    "smaller initial weights keep units where the function is steep (`init=xavier`), and normalised pixels help",
    "`relu` does not saturate",
)


def dead_layers(ended: Position, program: Program) -> Iterator[Warned]:
    """A warning (W401) for each layer that the sample of the last epoch first found dead."""
    functions = flat_functions(program, ended.sample.flat)
    for layer in ended.sample.flat:
        if layer not in ended.dead:
            yield _warning(layer, functions[layer], ended, program.batch)


def _warning(layer: str, function: str, ended: Position, batch: int) -> Warned:
    off = function == "relu"
    state = "off" if off else "saturated"
    images = f"all {ended.sample.images:,} images looked at"
    message = f"`{layer}` is dead after epoch {ended.epochs + 1}: every {function} of it is {state} for {images}"
    relu = (*RELU_HELPS, BATCH_NORM_HELP) if batch > 1 else RELU_HELPS
    return Warned("W401", f"{message}, so no gradient passes", relu if off else SATURATED_HELPS)
