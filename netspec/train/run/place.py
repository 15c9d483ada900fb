"""Check that a snapshot's position exists in a training, so that the training can continue from it."""

from __future__ import annotations

from netspec.diagnostics.failure import UsageError
from netspec.ir.recipe import TrainOptions
from netspec.train.step.snapshot import Position

HELPS = (
    "put back the `batch` and the data that the training began with",
    "or begin a new training with its weights: `netspec train SPEC --weights FILE`",
)


def minibatches(recipe: TrainOptions, images: int) -> tuple[int, int]:
    """(images per minibatch, minibatches per epoch) for a training part of `images`."""
    batch = min(recipe.batch or images, images)
    return batch, -(-images // batch)


def check_place(position: Position, recipe: TrainOptions, images: int) -> None:
    """Raises UsageError (E477) where a training by this recipe on `images` has no such position: steps count
    minibatches, so with another batch they are other images.

    A position without `batch` is checked by its step and its counted images alone.
    """
    batch, steps = minibatches(recipe, images)
    if position.batch is not None and position.batch != batch:
        message = f"a training in minibatches of {position.batch:,} cannot go on in minibatches of {batch:,}"
        raise UsageError("E477", message, notes=(f"it stands behind step {position.step:,}",), helps=HELPS)
    within = position.step - position.epochs * steps
    if not 0 <= within <= steps or position.sums.images != min(within * batch, images):
        message = f"a training of {steps:,} steps an epoch has no place behind step {position.step:,}"
        done = f"{position.epochs:,} epochs and {position.sums.images:,} images of the next one are done"
        told = f"{images:,} images in minibatches of {batch:,} make {steps:,} steps"
        raise UsageError("E477", message, notes=(done, told), helps=HELPS)
