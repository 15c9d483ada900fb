"""Predictors of trained nets."""

from __future__ import annotations

from netspec.data.dataset import Images
from netspec.predict.intake import Intake
from netspec.predict.predictor import Predictor
from netspec.predict.verdict import Verdict
from netspec.runtime.device import Device
from netspec.train.step.preparation import crop_pad
from netspec.train.step.scores import Array
from netspec.train.step.scoring import MEASURING_BATCH
from netspec.train.use.trained import Trained


def make_predictor(trained: Trained, device: Device, batch: int) -> Predictor:
    """A predictor that works on `batch` images at a time. Raises UsageError (E467), DeviceError (E590)."""
    preparation = trained.preparation
    pad = crop_pad(trained.experiment)
    intake = Intake(preparation.shape, preparation.mean, preparation.deviation, pad, preparation.levels)
    return Predictor(
        trained.experiment,
        trained.weights,
        intake,
        device,
        batch=batch,
        class_names=preparation.class_names,
    )


def predict(trained: Trained, images: Images, device: Device) -> Array:
    """Probabilities (N, K) of images (N, C, H, W), or numbers (N, 1) of a regression, by a new predictor."""
    return make_predictor(trained, device, min(MEASURING_BATCH, len(images)))(images)


def verdict(trained: Trained, images: Images, device: Device) -> Verdict:
    """The same with the classes of each image in order of probability."""
    return make_predictor(trained, device, min(MEASURING_BATCH, len(images))).verdict(images)
