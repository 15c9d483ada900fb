"""Predictors say what the oracle says, from several threads at once, and refuse what does not fit."""

import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from netspec.compiler import prediction
from netspec.diagnostics.failure import UsageError
from netspec.ir.evaluate import evaluate
from netspec.ir.recipe import Experiment
from netspec.passes.fold_weights import folded_weights
from netspec.predict import engines
from netspec.predict.engines import Engine
from netspec.predict.intake import Intake
from netspec.predict.predictor import Predictor
from netspec.runtime.cpu.device import CpuDevice
from netspec.runtime.cpu.host import host_target
from netspec.runtime.cpu.machine import CpuMachine
from netspec.runtime.feed import Pass
from netspec.runtime.machine import Outputs
from tests.kernels.cpu.tiling import few_tiles
from tests.kernels.harness import CACHE_DIR
from tests.passes.test_fold import generic
from tests.runtime.cpu.test_workers import holds_in_a_child
from tests.schedule.nets import experiment

NET = "net t {\ninput 2x5x6\nconv 5 3x3 nobias\nbatchnorm relu\npool max 2x2\nconv 3 1x1\ndense 4\n}\ntrain { seed 3 }"
INTAKE = Intake((2, 5, 6), (10.0, 20.0), (30.0, 40.0))


def made(
    net: Experiment, intake: Intake = INTAKE, threads: int = 1, **options: Any
) -> tuple[Predictor, dict[str, Any]]:
    """A predictor of a net, and its weights."""
    weights = generic(net.graph, 7)
    with few_tiles():
        return Predictor(net, weights, intake, CpuDevice(host_target(), threads, CACHE_DIR), **options), weights


def wanted(net: Experiment, weights: dict[str, Any], inputs: Any) -> Any:
    """The oracle's probabilities of images as the net sees them."""
    folded = prediction(net)
    output, *_ = folded.graph.outputs
    return evaluate(folded.graph, {"input": inputs, **folded_weights(folded, weights)})[output.name]


def pixels(count: int, seed: int = 1) -> Any:
    return np.random.default_rng(seed).integers(0, 256, (count, 2, 5, 6)).astype(np.uint8)


def normal(images: Any) -> Any:
    return (images - np.array([10.0, 20.0])[:, None, None]) / np.array([30.0, 40.0])[:, None, None]


@pytest.mark.parametrize("batch", [1, 3, 40])
def test_any_number_of_images_gets_the_probabilities_of_the_oracle(batch: int) -> None:
    net = experiment(NET)
    predictor, weights = made(net, batch=batch, threads=2)
    for count in (1, 2, 3, 41):
        images = pixels(count)
        found = predictor(images)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, wanted(net, weights, normal(images)), atol=1e-5)
        np.testing.assert_array_equal(predictor(images.astype(np.float64)), found)


def test_one_image_may_come_alone() -> None:
    predictor, _ = made(experiment(NET))
    image = pixels(1)
    assert predictor(image[0]).shape == (1, 4)
    np.testing.assert_array_equal(predictor(image[0]), predictor(image))


def test_images_larger_than_the_input_are_cut_out_of_the_middle() -> None:
    net = experiment(NET)
    intake = Intake((2, 4, 8), (10.0, 20.0), (30.0, 40.0), pad=1)
    predictor, weights = made(net, intake)
    images = np.random.default_rng(3).integers(0, 256, (2, 2, 4, 8)).astype(np.uint8)
    padded = np.pad(normal(images), ((0, 0), (0, 0), (1, 1), (1, 1)))
    np.testing.assert_allclose(predictor(images), wanted(net, weights, padded[:, :, 0:5, 2:8]), atol=1e-5)


def test_threads_that_call_at_once_get_their_own_answers() -> None:
    predictor, _ = made(experiment(NET), batch=2, threads=2)
    asked = [pixels(1 + k % 5, seed=k) for k in range(60)]
    alone = [predictor(images) for images in asked]
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(predictor, asked))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)


def before_each_call(monkeypatch: pytest.MonkeyPatch, watch: Callable[[int], None]) -> None:
    """Tells `watch` how many images a native call is given, and lets each call seem to take a second."""
    outputs, seconds = CpuMachine.outputs, iter(range(1_000_000))

    def watched(machine: CpuMachine, feed: Pass) -> Outputs:
        watch(len(feed.order))
        return outputs(machine, feed)

    monkeypatch.setattr(CpuMachine, "outputs", watched)
    monkeypatch.setattr(engines, "perf_counter", lambda: float(next(seconds)))


def test_slow_nets_are_given_a_batch_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    before_each_call(monkeypatch, calls.append)
    predictor, _ = made(experiment(NET), batch=40)
    predictor(pixels(90))
    assert calls == [40, 40, 10]


def test_ctrl_c_is_heard_among_many_images(monkeypatch: pytest.MonkeyPatch) -> None:
    predictor, _ = made(experiment(NET), batch=40)
    wanted, calls = predictor(pixels(90)), list[int]()

    def interrupt(images: int) -> None:
        calls.append(images)
        if len(calls) == 2:
            os.kill(os.getpid(), signal.SIGINT)

    with monkeypatch.context() as patched:
        before_each_call(patched, interrupt)
        with pytest.raises(KeyboardInterrupt):
            predictor(pixels(90))
    assert len(calls) == 2
    np.testing.assert_array_equal(predictor(pixels(90)), wanted)


def test_results_are_the_callers_own() -> None:
    predictor, _ = made(experiment(NET))
    first = predictor(pixels(1))
    kept = first.copy()
    predictor(pixels(1, seed=9))
    np.testing.assert_array_equal(first, kept)


def test_threads_change_no_bit() -> None:
    net, images = experiment(NET), pixels(7)
    found = [made(net, batch=3, threads=threads)[0](images) for threads in (1, 2, 3)]
    for other in found[1:]:
        np.testing.assert_array_equal(found[0], other)


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((1, 2, 6, 5)),
        np.zeros((0, 2, 5, 6)),
        np.full((2, 5, 6), np.nan),
        np.full((2, 5, 6), "x"),
        np.zeros((2, 5, 6), complex),
    ],
)
def test_what_does_not_fit_is_refused(wrong: Any) -> None:
    predictor, _ = made(experiment(NET))
    for ask in (predictor, predictor.verdict):
        with pytest.raises(UsageError) as caught:
            ask(wrong)
        assert caught.value.code == "E465"


def test_a_predictor_of_no_image_at_a_time_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        made(experiment(NET), batch=0)
    assert caught.value.code == "E467"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_forked_while_a_thread_predicts_can_predict(monkeypatch: pytest.MonkeyPatch) -> None:
    predictor, _ = made(experiment(NET), batch=40, threads=2)
    images, begun = pixels(3), threading.Event()
    expected, answer = predictor(images), Engine.answer

    def slowly(engine: Engine, images: Any) -> Any:
        begun.set()
        time.sleep(0.3)
        return answer(engine, images)

    monkeypatch.setattr(Engine, "answer", slowly)
    other = threading.Thread(target=predictor, args=(images,))
    other.start()
    assert begun.wait(20)
    assert holds_in_a_child(lambda: np.array_equal(predictor(images), expected))
    other.join()
