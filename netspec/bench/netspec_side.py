"""netspec's side of a comparison: gather, forward, backward and update of minibatches, from its own launch table."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from netspec import compiler
from netspec.bench.peak import peaks
from netspec.bench.products import program_least_flops
from netspec.bench.serve import Answer, Array, Request, experiment_of, made_up_data, serve
from netspec.ir.initialize import initialize
from netspec.runtime.cpu.device import host_device
from netspec.runtime.device import choice_of
from netspec.runtime.feed import Pass, Source

BLOCKS = 3
"""native calls a request: their mean step times are what is reported"""
RATE = 1e-4


def feed_of(images: Array, labels: Array, count: int) -> Pass:
    """The first `count` images of endless copies of (N, *shape), as the loop would feed them."""
    channels, *sizes = (int(size) for size in images.shape[1:])
    source = Source(
        images.reshape(len(images), channels, *(sizes or (1, 1))),
        labels,
        np.zeros(channels, np.float32),
        np.ones(channels, np.float32),
        white=1.0,
    )
    return Pass(source, np.resize(np.arange(len(images)), count).astype(np.int64))


def side(job: Request) -> Answer:
    """Compiles the job's program and returns what answers requests."""
    experiment, batch = experiment_of(job), int(job["batch"])
    cache_dir = Path(job["cache_dir"]) if job["cache_dir"] else None
    choice = replace(choice_of(job["planned_by"]), threads=job["threads"])
    device = replace(host_device(choice), cache_dir=cache_dir)
    program = compiler.training_program(experiment, device.target, batch)
    machine = device.machine(program)
    machine.load(initialize(experiment.graph, experiment.train.seed))
    images, labels = made_up_data(experiment, batch)

    def seconds(steps: int) -> float:
        feed = feed_of(images, labels, steps * batch)
        start = time.perf_counter()
        machine.run(feed, first=0, step_number=0, rates=np.full((steps, 1), RATE))
        return (time.perf_counter() - start) / steps

    def losses(first: int, steps: int) -> list[float]:
        feed, rate = feed_of(images, labels, (first + steps) * batch), experiment.train.sgd.rate
        metrics = machine.run(feed, first=first * batch, step_number=first, rates=np.full((steps, 1), rate))
        return (metrics[:, 0] / batch).tolist()

    def answer(request: Request) -> Request:
        if request.get("peak"):
            return dict(peaks(cache_dir, job["threads"]))
        if request.get("work"):
            return {"least_flops": program_least_flops(program)}
        if "first" in request:
            return {"losses": losses(request["first"], request["steps"])}
        return {"seconds": [seconds(-(-request["steps"] // BLOCKS)) for _ in range(BLOCKS)]}

    return answer


if __name__ == "__main__":
    serve(side)
