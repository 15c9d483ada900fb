# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false
"""PyTorch's side of a comparison: steps of the same network in the memory format that a request names."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import torch

from netspec.bench.serve import BATCHES, Answer, Request, experiment_of, made_up_data, serve
from netspec.bench.torch_model import TorchNetwork
from netspec.ir.initialize import initialize


def side(job: Request) -> Answer:
    """Builds the job's network when a format is first asked for, and returns what answers requests."""
    torch.set_num_threads(job["threads"])
    experiment, batch = experiment_of(job), int(job["batch"])
    images, labels = made_up_data(experiment, batch)
    graph, train = experiment.graph, experiment.train
    arrays, labelled = initialize(graph, train.seed), torch.from_numpy(labels).long()
    parts = [slice(k * batch, (k + 1) * batch) for k in range(BATCHES)]
    made: dict[tuple[str, str], tuple[TorchNetwork, list[Any]]] = {}

    def network(form: str, precision: str, compiled: bool) -> tuple[TorchNetwork, list[Any]]:
        if (form, precision) not in made:
            last, kind = form == "channels_last", np.dtype(precision)
            cast = {name: array.astype(kind) for name, array in arrays.items()}
            built = TorchNetwork(graph, cast, train.loss, train.sgd, channels_last=last, compiled=compiled)
            batches = [(built.images(images[part].astype(kind)), labelled[part]) for part in parts]
            made[form, precision] = built, batches
        return made[form, precision]

    def answer(request: Request) -> Request:
        precision = request.get("precision", "float32")
        model, batches = network(request["format"], precision, request.get("compile", False))
        if "first" in request:
            steps = range(request["first"], request["first"] + request["steps"])
            return {"losses": [model.step(*batches[k % BATCHES]).item() for k in steps]}
        seconds: list[float] = []
        for k in range(request["steps"]):
            start = time.perf_counter()
            model.step(*batches[k % BATCHES])
            seconds.append(time.perf_counter() - start)
        return {"seconds": seconds}

    return answer


if __name__ == "__main__":
    serve(side)
