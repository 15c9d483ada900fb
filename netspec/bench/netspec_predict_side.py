"""netspec's side of a comparison of predictions: a predictor asked for a few images at a time, as a program would."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from netspec.bench.peak import peaks
from netspec.bench.products import program_least_flops
from netspec.bench.serve import Answer, Request, experiment_of, prediction_images, serve
from netspec.compiler import prediction_program
from netspec.ir.initialize import initialize
from netspec.predict.intake import Intake
from netspec.predict.predictor import Predictor
from netspec.runtime.cpu.device import host_device
from netspec.runtime.device import choice_of


def side(job: Request) -> Answer:
    """Makes the job's predictor and returns what answers requests."""
    experiment, batch = experiment_of(job), int(job["batch"])
    cache_dir = Path(job["cache_dir"]) if job["cache_dir"] else None
    choice = replace(choice_of(job["planned_by"]), threads=job["threads"])
    device = replace(host_device(choice), cache_dir=cache_dir)
    images = prediction_images(experiment, batch)
    channels, height, width = images[0].shape[1:]
    predictor = Predictor(
        experiment,
        initialize(experiment.graph, experiment.train.seed),
        Intake((channels, height, width), (0.0,) * channels, (1.0,) * channels),
        device,
        batch=batch,
    )

    def seconds(k: int) -> float:
        start = time.perf_counter()
        predictor(images[k % len(images)])
        return time.perf_counter() - start

    def answer(request: Request) -> Request:
        if request.get("peak"):
            return dict(peaks(cache_dir, job["threads"]))
        if request.get("work"):
            return {"least_flops": program_least_flops(prediction_program(experiment, device.target, batch))}
        return {"seconds": [seconds(k) for k in range(request["steps"])]}

    return answer


if __name__ == "__main__":
    serve(side)
