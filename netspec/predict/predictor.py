"""A net made ready to be asked again and again: compiled once, weights in place, safe to call from several threads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from netspec.compiler import prediction
from netspec.data.dataset import Images
from netspec.diagnostics.failure import UsageError
from netspec.ir.recipe import Experiment
from netspec.passes.fold_weights import folded_weights
from netspec.predict.engines import make_engine
from netspec.predict.fork_safe_lock import ForkSafeLock
from netspec.predict.intake import Intake
from netspec.predict.shown import Shown, as_shown
from netspec.predict.verdict import Reading, Verdict
from netspec.runtime.device import Device

Array = NDArray[Any]


class Predictor:
    """Probabilities of images, by a net and weights that stay as they were when this was made.

        predictor = netspec.load("runs/digits").predictor()
        probabilities = predictor(image)  # (1, 10)

    Nothing is compiled and no weight is moved in a call. Calls from several threads at once take turns, and a forked
    child may call it too, except on a GPU, which raises DeviceError (E587) there; whatever the threads, an image gets
    the same bits. Made by `Network.predictor`.
    """

    def __init__(
        self,
        experiment: Experiment,
        weights: Mapping[str, Array],
        intake: Intake,
        device: Device,
        *,
        batch: int = 1,
        class_names: tuple[str, ...] = (),
    ) -> None:
        """Up to `batch` images are worked on at a time; memory grows with it.

        Raises UsageError (E467) where `batch` is below one, DeviceError (E590) where memory does not suffice.
        """
        if batch < 1:
            raise UsageError("E467", f"a predictor works on at least one image at a time, not {batch}")
        folded = prediction(experiment)
        arrays = folded_weights(folded, weights)
        self._engine = make_engine(folded.graph, arrays, intake, device, batch)
        self._reading = Reading(experiment.train.loss, folded.graph.outputs[0].elements, len(class_names))
        self._intake, self._class_names, self._lock = intake, class_names, ForkSafeLock()

    @property
    def class_names(self) -> tuple[str, ...]:
        """What the probabilities are of; empty where the classes have no names."""
        return self._class_names

    def __call__(self, images: Shown) -> Array:
        """Probabilities (N, K), float32, of images (N, C, H, W) or one image (C, H, W), in the units of the data set,
        or of pictures, prepared as in training: the path of a file, a picture of Pillow's, or a list of such.

        The first largest one is of the class that the net names by the rule of its loss. A net with one output gives
        (N, 1): the probability of class 1, above 1/2 where that class is named; a regression (`squared_error`, labels
        other than 0 and 1) gives its number. Raises UsageError (E465) where the images do not fit, are none, or hold
        what is not a finite number, DataError (E512, E514, E559) where a picture cannot be used.
        """
        return self._reading.said(self._collected(as_shown(images, self._intake.shape, self._intake.levels)))

    def verdict(self, images: Shown) -> Verdict:
        """The same with the classes of each image in order. Raises as a call does."""
        return self._reading.verdict(self._collected(as_shown(images, self._intake.shape, self._intake.levels)))

    def _collected(self, images: Images) -> Array:
        with self._lock.lock:
            return self._engine.answer(images)
