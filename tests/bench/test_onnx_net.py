"""Runtimes that read ONNX are given the net with the weights that netspec starts with, and it gives the oracle's
probabilities there, with every setting."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from netspec.bench.onnx_net import predicting, with_onnx_file
from netspec.bench.peers import ONNX_RUNTIME, OPENVINO, TORCH, Peer
from netspec.bench.serve import Array, network_images
from netspec.bench.sides import Job
from netspec.ir.evaluate import evaluate
from netspec.ir.initialize import initialize
from tests.schedule.nets import experiment

TEXT = "net t {\ninput 2x6x6\nconv 4 3x3 pad=1 nobias\nbatchnorm relu\ndropout 0.5\npool max 2\ndense 3\n}"
JOB = Job("t", "t", TEXT, (), (), 2, 2, None, predict=True)


def request(job: Job) -> dict[str, Any]:
    told = {"name": job.source, "text": job.text, "with_values": {}, "settings": (), "batch": job.batch}
    return json.loads(json.dumps({**told, "threads": job.threads, "onnx_file": job.onnx_file}))


@pytest.fixture
def job() -> Iterator[Job]:
    """With a file of its net."""
    pytest.importorskip("onnx", reason="onnx is not installed (extra `bench`)")
    with with_onnx_file(JOB, (TORCH, OPENVINO)) as told:
        yield told


def judge(job: Job, calls: Callable[[Any], Sequence[Callable[[], Array]]]) -> None:
    """Every minibatch's probabilities, twice."""
    graph, images = predicting(experiment(TEXT)), network_images(request(job))
    made = calls(images)
    for _ in range(2):
        for each, call in zip(images, made, strict=True):
            wanted = evaluate(graph, {"input": each, **initialize(graph, experiment(TEXT).train.seed)})
            np.testing.assert_allclose(call(), wanted[graph.outputs[0].name], atol=1e-5)


def settings(peer: Peer) -> list[dict[str, Any]]:
    return [dict(setting.options) for process in peer.processes for setting in process.settings]


@pytest.mark.parametrize("options", settings(ONNX_RUNTIME), ids=str)
def test_onnx_runtime_gives_the_oracles_probabilities(options: dict[str, Any], job: Job) -> None:
    side = pytest.importorskip("netspec.bench.onnxruntime_predict_side", exc_type=ImportError)
    session = side.session(job.onnx_file, 2, spinning=options["spinning"], arena=options["arena"])
    run = side.bound if options["bound"] else side.unbound
    judge(job, lambda images: [run(session, each) for each in images])


@pytest.mark.parametrize("options", settings(OPENVINO), ids=str)
def test_openvino_gives_the_oracles_probabilities(options: dict[str, Any], job: Job) -> None:
    side = pytest.importorskip("netspec.bench.openvino_predict_side", exc_type=ImportError)
    made = side.compiled(job.onnx_file, 2, pinned=options["pinned"])
    judge(job, lambda images: [side.bound(made, each) for each in images])


def test_openvino_computes_in_float32_on_the_threads_it_is_given(job: Job) -> None:
    side = pytest.importorskip("netspec.bench.openvino_predict_side", exc_type=ImportError)
    for threads in (1, 2):
        made = side.compiled(job.onnx_file, threads, pinned=False)
        assert made.get_property("INFERENCE_PRECISION_HINT").to_string() == "f32"
        assert made.get_property("INFERENCE_NUM_THREADS") == threads


@pytest.mark.parametrize("peer", [ONNX_RUNTIME, OPENVINO], ids=lambda peer: peer.name)
def test_a_side_answers_with_seconds(peer: Peer, job: Job) -> None:
    side = pytest.importorskip(f"netspec.bench.{peer.name}_predict_side", exc_type=ImportError).side(request(job))
    for options in settings(peer):
        seconds = side({"steps": 3, **options})["seconds"]
        assert len(seconds) == 3
        assert min(seconds) > 0


def test_the_file_is_gone_afterwards(job: Job) -> None:
    assert job.onnx_file
    with with_onnx_file(JOB, (OPENVINO,)) as told:
        assert told.onnx_file
        path = Path(told.onnx_file)
        assert path.is_file()
        assert replace(told, onnx_file=None) == JOB
    assert not path.exists()


def test_what_reads_no_file_is_given_none() -> None:
    with with_onnx_file(JOB, (TORCH,)) as told:
        assert told is JOB
