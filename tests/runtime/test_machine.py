"""Whole programs on the machine: against the oracle, on any number of threads, from a feed."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from netspec.compiler import training_program
from netspec.diagnostics.failure import DeviceError, SpecError
from netspec.ir.evaluate import evaluate
from netspec.ir.graph import Graph
from netspec.ir.initialize import initialize
from netspec.ir.program import Launch, Program
from netspec.ir.recipe import Experiment
from netspec.ir.target import AVX512
from netspec.passes.inference import inference
from netspec.runtime.feed import Crop, Feed
from netspec.runtime.host import host_target
from netspec.runtime.machine import Machine
from netspec.schedule.lower import lower
from tests.kernels.harness import CACHE_DIR
from tests.kernels.tiling import few_tiles
from tests.schedule.nets import bundled, experiment, spec_texts, step_graph, step_of

RATE = 0.05


def feeds(graph: Graph, images: int, classes: int) -> dict[str, Any]:
    """Random images and labels, initial weights, a rate: everything that `evaluate` wants.

    Biases are random, too: at zero, a ReLU over a part that is all zeros would be left to rounding.
    """
    generator = np.random.default_rng(images)
    values: dict[str, Any] = dict(initialize(graph, 1))
    for name, array in values.items():
        if name.endswith(".bias"):
            values[name] = 0.1 * generator.standard_normal(array.shape, np.float32)
    for value in graph.inputs:
        if value.name == "rate":
            values["rate"] = np.array(RATE)
        elif value.dtype == "int32":
            values[value.name] = generator.integers(0, classes, images).astype(np.int32)
        else:
            values[value.name] = generator.standard_normal((images, *value.shape)).astype(np.float32)
    return values


def forward(net: Experiment, batch: int) -> Program:
    """The outputs of a net as they are."""
    return lower(inference(net.graph, None), AVX512, batch)


def machine_with(graph: Graph, values: Mapping[str, Any], batch: int, threads: int = 1) -> Machine:
    machine = Machine(lower(graph, AVX512, batch), threads, cache_dir=CACHE_DIR)
    machine.arena[:] = np.nan
    for name, array in values.items():
        machine.write(name, array)
    return machine


@settings(max_examples=12)
@given(spec_texts(), st.sampled_from((5, 16, 35)))
def test_a_step_of_any_net_is_what_the_oracle_says(text: str, images: int) -> None:
    try:
        graph = step_of(text)
    except SpecError:
        assume(False)
        return
    values = feeds(graph, images, 3)
    wanted = evaluate(graph, values, seed=7, step=3)
    with few_tiles():
        machine = machine_with(graph, values, images)
    metrics = machine.step(images, step_number=3, seed=7)
    assert metrics[0, 0] == pytest.approx(float(wanted["loss"]), rel=1e-4)
    for update in graph.updates:
        new, old = wanted[update.new.name], values[update.old.name]
        scale = max(1e-3, float(np.abs(new - old).max()))
        np.testing.assert_allclose(machine.read(update.old.name), new, rtol=0, atol=5e-3 * scale)


def digits_like(net: Experiment, images: int = 90) -> Feed:
    shape = net.graph.inputs[0].shape
    generator = np.random.default_rng(2)
    return Feed(
        images=generator.integers(0, 256, (images, *shape)).astype(np.uint8),
        labels=generator.integers(0, 10, images).astype(np.int32),
        order=generator.permutation(images),
        mean=np.full(shape[0], 100.0),
        scale=np.full(shape[0], 1 / 80),
        seed=5,
    )


def trained(threads: int, steps: int = 3) -> dict[str, Any]:
    """Weights of `digits` after some steps, the last of a short batch."""
    net = bundled("digits")
    graph = step_graph(net)
    machine = Machine(training_program(net, AVX512, 32), threads, cache_dir=CACHE_DIR)
    for name, array in initialize(graph, 1).items():
        machine.write(name, array)
    machine.run(digits_like(net), first=0, steps=steps, step_number=0, rate=RATE)
    return {value.name: machine.read(value.name) for value in machine.program.parameters}


@pytest.fixture(scope="module")
def reference() -> dict[str, Any]:
    return trained(1)


@pytest.mark.parametrize("threads", [2, 3, 4, 8])
def test_any_number_of_threads_gives_the_same_bits(threads: int, reference: dict[str, Any]) -> None:
    for name, array in trained(threads).items():
        np.testing.assert_array_equal(array, reference[name], err_msg=name)


def test_steps_in_one_call_are_steps_in_several(reference: dict[str, Any]) -> None:
    net = bundled("digits")
    machine = Machine(training_program(net, AVX512, 32), cache_dir=CACHE_DIR)
    for name, array in initialize(step_graph(net), 1).items():
        machine.write(name, array)
    feed = digits_like(net)
    rows = [machine.run(feed, first=32 * k, steps=1, step_number=k, rate=RATE) for k in range(3)]
    assert np.concatenate(rows).shape == (3, 2)
    for name, array in reference.items():
        np.testing.assert_array_equal(machine.read(name), array, err_msg=name)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_a_step_walked_launch_by_launch_is_the_same_step(threads: int, reference: dict[str, Any]) -> None:
    net = bundled("digits")
    machine = Machine(training_program(net, AVX512, 32), threads, cache_dir=CACHE_DIR)
    for name, array in initialize(step_graph(net), 1).items():
        machine.write(name, array)
    feed, seen = digits_like(net), list[Launch]()
    whole = machine.run(feed, first=0, steps=1, step_number=0, rate=RATE)
    for name, array in initialize(step_graph(net), 1).items():
        machine.write(name, array)
    rows = [machine.walk(feed, first=32 * k, step_number=k, rate=RATE, watch=seen.append) for k in range(3)]
    assert seen == [*machine.program.launches] * 3
    np.testing.assert_array_equal(rows[0], whole)
    for name, array in reference.items():
        np.testing.assert_array_equal(machine.read(name), array, err_msg=name)


class StopError(Exception):
    """What a watcher raises."""


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("after", ["first", "middle", "last"])
def test_an_exception_between_two_launches_ends_the_walk_and_leaves_the_machine_as_good_as_new(
    threads: int, after: str, reference: dict[str, Any]
) -> None:
    net = bundled("digits")
    machine = Machine(training_program(net, AVX512, 32), threads, cache_dir=CACHE_DIR)
    feed, seen, launches = digits_like(net), list[Launch](), machine.program.launches
    end = {"first": 1, "middle": len(launches) // 2, "last": len(launches)}[after]

    def stop(launch: Launch) -> None:
        seen.append(launch)
        if len(seen) == end:
            raise StopError

    for _ in range(2):
        seen.clear()
        with pytest.raises(StopError):
            machine.walk(feed, first=0, step_number=0, rate=RATE, watch=stop)
        assert seen == [*launches[:end]]
    for name, array in initialize(step_graph(net), 1).items():
        machine.write(name, array)
    machine.walk(feed, first=0, step_number=0, rate=RATE, watch=lambda _: None)
    machine.run(feed, first=32, steps=2, step_number=1, rate=RATE)
    for name, array in reference.items():
        np.testing.assert_array_equal(machine.read(name), array, err_msg=name)


def test_the_loss_of_a_minibatch_is_the_sum_over_its_images() -> None:
    net = bundled("digits")
    graph = step_graph(net)
    machine = Machine(training_program(net, AVX512, 64), cache_dir=CACHE_DIR)
    weights = initialize(graph, 1)
    for name, array in weights.items():
        machine.write(name, array)
    feed = digits_like(net)
    metrics = machine.run(feed, first=64, steps=1, step_number=0, rate=0.0)
    chosen = feed.order[64:]
    image = (feed.images[chosen].astype(np.float32) - 100) / 80
    assert feed.labels is not None
    values = {"input": image, "label": feed.labels[chosen], "rate": np.array(0.0), **weights}
    wanted = evaluate(graph, values, seed=5)
    assert metrics[0, 0] == pytest.approx(float(wanted["loss"]), rel=1e-5)
    assert metrics[0, 1] == float(wanted["correct"])


def test_outputs_come_in_the_order_of_the_feed() -> None:
    net = experiment("net t {\ninput 2x3x3\nconv 3 3x3\n}")
    machine = Machine(forward(net, 32), cache_dir=CACHE_DIR)
    weights = initialize(net.graph, 1)
    for name, array in weights.items():
        machine.write(name, array)
    generator = np.random.default_rng(3)
    images = generator.standard_normal((50, 2, 3, 3)).astype(np.float32)
    order = generator.permutation(50)[:45]
    outputs = machine.outputs(Feed(images, None, order, np.zeros(2), np.ones(2)))
    wanted = evaluate(net.graph, {"input": images[order], **weights})[net.graph.outputs[0].name]
    np.testing.assert_allclose(outputs.arrays, wanted.reshape(45, -1), atol=1e-5)
    assert not outputs.metrics.any()


CROPPED = "net t {\ninput 1x3x4\nflatten\n}"


def cropped(feed: Feed) -> Any:
    """What reaches the input, as (n, 3, 4)."""
    machine = Machine(forward(experiment(CROPPED), 32), cache_dir=CACHE_DIR)
    return machine.outputs(feed).arrays.reshape(-1, 3, 4)


@given(st.integers(3, 7), st.integers(4, 8), st.integers(0, 2), st.booleans())
def test_a_crop_is_a_window_of_the_padded_image(height: int, width: int, pad: int, random: bool) -> None:
    generator = np.random.default_rng(height)
    images = generator.integers(1, 256, (20, 1, height, width)).astype(np.uint8)
    feed = Feed(images, None, np.arange(20), np.array([3.0]), np.array([0.5]), Crop(random, pad), 9, 4)
    normal = np.pad((images[:, 0] - 3.0) * 0.5, ((0, 0), (pad, pad), (pad, pad)))
    tall, wide = height + 2 * pad - 3, width + 2 * pad - 4
    for seen, whole in zip(cropped(feed), normal, strict=True):
        windows = {(y, x): whole[y : y + 3, x : x + 4] for y in range(tall + 1) for x in range(wide + 1)}
        matches = [place for place, window in windows.items() if np.array_equal(window, seen)]
        assert matches if random else (tall // 2, wide // 2) in matches


def test_random_crops_depend_on_seed_and_epoch_alone() -> None:
    images = np.arange(20 * 64, dtype=np.float32).reshape(20, 1, 8, 8)

    def seen(epoch: int, order: Any) -> Any:
        return cropped(Feed(images, None, order, np.zeros(1), np.ones(1), Crop(True), 1, epoch))

    forwards, backwards = np.arange(20), np.arange(20)[::-1]
    np.testing.assert_array_equal(seen(0, forwards), seen(0, backwards)[::-1])
    assert not np.array_equal(seen(0, forwards), seen(1, forwards))


def test_a_program_larger_than_memory_is_refused() -> None:
    net = experiment("net t {\ninput 3x4096x4096\nconv 4 3x3\npool avg global\n}")
    with pytest.raises(DeviceError, match="GB of memory") as caught:
        Machine(forward(net, 1 << 16), cache_dir=CACHE_DIR)
    assert caught.value.code == "E590"


def test_the_host_has_a_target() -> None:
    assert host_target().lanes in (4, 8, 16)
