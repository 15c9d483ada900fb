"""A job's net as an ONNX file: the forward pass as other runtimes are given it, nothing folded or fused for them."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from netspec.bench.peers import Peer
from netspec.bench.sides import Job
from netspec.diagnostics.text import Source
from netspec.frontend import check_experiment
from netspec.ir.graph import Graph
from netspec.ir.initialize import initialize
from netspec.ir.recipe import Experiment
from netspec.onnx_file.model import write_onnx
from netspec.passes.inference import inference
from netspec.passes.probabilities import with_probabilities


@contextmanager
def with_onnx_file(job: Job, peers: Sequence[Peer]) -> Generator[Job]:
    """The job, with a file of its net while the block lasts where one of the peers reads it. Raises DataError (E624)
    where the net is too large for one."""
    if not any(peer.reads_onnx for peer in peers):
        yield job
        return
    source = Source(job.source, job.text)
    experiment = check_experiment(source, with_values=dict(job.with_values), settings=job.settings)
    with TemporaryDirectory(prefix="netspec-bench-") as folder:
        path = Path(folder) / "net.onnx"
        write_onnx(path, predicting(experiment), initialize(experiment.graph, experiment.train.seed), job.batch)
        yield replace(job, onnx_file=str(path))


def predicting(experiment: Experiment) -> Graph:
    """The forward pass, from images to probabilities alone."""
    graph = with_probabilities(inference(experiment.graph, None), experiment.train.loss)
    return replace(graph, outputs=graph.outputs[:1])
