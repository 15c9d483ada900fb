"""Whole programs on the machine of every backend: against the oracle, step by step, from a feed."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache, partial
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from netspec.autodiff.gradient import cotangent_of, with_gradient
from netspec.compiler import gradient_graph, lower, training_program
from netspec.diagnostics.failure import CompilerBug, SpecError
from netspec.ir.evaluate import evaluate
from netspec.ir.graph import Graph
from netspec.ir.initialize import initialize
from netspec.ir.program import Launch
from netspec.ir.recipe import Experiment, Schedule, Sgd, TrainOptions
from netspec.passes.inference import inference
from netspec.runtime.feed import Pass, Source
from netspec.runtime.machine import Machine
from netspec.train.step.calls import Timetable, rates_of
from netspec.train.step.schedules import RULES
from tests.kernels.backends import Backend
from tests.kernels.harness import filled_machine
from tests.schedule.nets import bundled, experiment, spec_texts, step_graph, step_of

RATE = 0.05


def rates(steps: int, rate: float = RATE) -> Any:
    """The same rate for every step."""
    return np.full((steps, 1), rate)


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


def forward(backend: Backend, net: Experiment, batch: int) -> Machine:
    """The outputs of a net as they are."""
    return backend.machine(lower(inference(net.graph, None), backend.targets[0], batch))


def training(backend: Backend, net: Experiment, batch: int, threads: int = 1) -> Machine:
    """Steps of a net's training."""
    return backend.machine(training_program(net, backend.targets[0], batch), threads)


def machine_with(backend: Backend, graph: Graph, values: Mapping[str, Any], batch: int) -> Machine:
    machine = filled_machine(backend, graph, batch)
    for name, array in values.items():
        machine.write(name, array)
    return machine


@settings(max_examples=12)
@given(spec_texts(), st.sampled_from((5, 16, 35)))
def test_a_step_of_any_net_is_what_the_oracle_says(backend: Backend, text: str, images: int) -> None:
    try:
        graph = step_of(text)
    except SpecError:
        assume(False)
        return
    values = feeds(graph, images, 3)
    wanted = evaluate(graph, values, seed=7, step=3)
    with backend.few_kernels():
        machine = machine_with(backend, graph, values, images)
    metrics = backend.step(machine, images, step_number=3, seed=7)
    assert metrics[0, 0] == pytest.approx(float(wanted["loss"]), rel=1e-4)
    for update in graph.updates:
        new, old = wanted[update.new.name], values[update.old.name]
        scale = max(1e-3, float(np.abs(new - old).max()))
        np.testing.assert_allclose(machine.read(update.old.name), new, rtol=0, atol=5e-3 * scale)


def digits_like(net: Experiment, images: int = 90) -> Pass:
    shape = net.graph.inputs[0].shape
    generator = np.random.default_rng(2)
    source = Source(
        images=generator.integers(0, 256, (images, *shape)).astype(np.uint8),
        labels=generator.integers(0, 10, images).astype(np.int32),
        mean=np.full(shape[0], 100.0),
        scale=np.full(shape[0], 1 / 80),
    )
    return Pass(source, generator.permutation(images), seed=5)


def trained(backend: Backend, threads: int, steps: int = 3) -> dict[str, Any]:
    """Weights of `digits` after some steps, the last of a short batch."""
    net = bundled("digits")
    graph = step_graph(net)
    machine = training(backend, net, 32, threads)
    for name, array in initialize(graph, 1).items():
        machine.write(name, array)
    machine.run(digits_like(net), first=0, step_number=0, rates=rates(steps))
    return {value.name: machine.read(value.name) for value in machine.program.parameters}


@pytest.fixture(scope="module")
def reference(backend: Backend) -> dict[str, Any]:
    return trained(backend, 1)


def test_steps_in_one_call_are_steps_in_several(backend: Backend, reference: dict[str, Any]) -> None:
    net = bundled("digits")
    machine = training(backend, net, 32)
    for name, array in initialize(step_graph(net), 1).items():
        machine.write(name, array)
    feed = digits_like(net)
    rows = [machine.run(feed, first=32 * k, step_number=k, rates=rates(1)) for k in range(3)]
    assert np.concatenate(rows).shape == (3, 2)
    for name, array in reference.items():
        np.testing.assert_array_equal(machine.read(name), array, err_msg=name)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_a_step_walked_launch_by_launch_is_the_same_step(
    backend: Backend, threads: int, reference: dict[str, Any]
) -> None:
    net = bundled("digits")
    machine = training(backend, net, 32, threads)
    for name, array in initialize(step_graph(net), 1).items():
        machine.write(name, array)
    feed, seen = digits_like(net), list[Launch]()
    whole = machine.run(feed, first=0, step_number=0, rates=rates(1))
    for name, array in initialize(step_graph(net), 1).items():
        machine.write(name, array)
    rows = [machine.walk(feed, first=32 * k, step_number=k, rates=rates(1), watch=seen.append) for k in range(3)]
    assert seen == [*machine.program.launches] * 3
    np.testing.assert_array_equal(rows[0], whole)
    for name, array in reference.items():
        np.testing.assert_array_equal(machine.read(name), array, err_msg=name)


NETS = {
    "convolutions": """net t { input 2x9x8; conv 5 3x3 pad=1 nobias; batchnorm relu; depthwise 3x3 pad=same; dropout 0.2
pool max 2x2; dense 9 tanh; dense 3 }
train { sgd rate=0.1 momentum=0.9 decay=1e-4 }
augment { shift 1; noise 0.1 }
""",
    "dense": """net t { input 2x9x8; dense 40 relu; dense 3 }
train { sgd rate=0.1 momentum=0.9 nesterov }
""",
    "frozen": """net t { input 2x9x8; dense 8 sigmoid rate=0; dense 3 rate=0.5 }
train { loss squared_error; sgd rate=0.1 }
""",
}
SCHEDULES = st.builds(
    Schedule,
    kind=st.sampled_from(sorted(RULES)),
    every=st.just(0.5),
    factor=st.sampled_from((0.5, 2.0)),
    warmup=st.sampled_from((0.0, 0.7)),
)


@pytest.fixture(scope="module", autouse=True)
def _machines_end_with_the_module() -> Iterator[None]:
    yield
    known_machine.cache_clear()


@cache
def known_machine(backend: Backend, name: str, threads: int) -> tuple[Machine, Experiment]:
    net = experiment(NETS[name])
    return training(backend, net, 24, threads), net


def begun(backend: Backend, name: str, threads: int) -> tuple[Machine, Experiment]:
    """A known machine with initial values and without velocity."""
    machine, net = known_machine(backend, name, threads)
    machine.initialize((*net.graph.parameters, *net.graph.states), 1)
    for value in machine.program.states:
        if value.name.endswith(".velocity"):
            machine.write(value.name, np.zeros(value.shape, np.float32))
    return machine, net


def kept_after(backend: Backend, name: str, threads: int, take: Callable[[Machine], list[Any]]) -> dict[str, Any]:
    """All that is kept from step to step, and what each step told."""
    machine, _ = begun(backend, name, threads)
    program = machine.program
    told = np.concatenate(take(machine))
    return {value.name: machine.read(value.name) for value in (*program.parameters, *program.states)} | {"told": told}


@settings(max_examples=12)
@given(st.sampled_from(sorted(NETS)), SCHEDULES, st.integers(0, 3), st.integers(1, 5), st.sampled_from((1, 2, 3)))
def test_a_call_of_many_rates_is_as_many_calls_and_as_many_walks(
    backend: Backend, name: str, schedule: Schedule, begin: int, steps: int, threads: int
) -> None:
    timetable = Timetable(TrainOptions(epochs=2, schedule=schedule, sgd=Sgd(rate=0.1)), 4, range(0))
    table, feed = (
        rates_of(timetable, range(begin, begin + steps), 1),
        digits_like(known_machine(backend, name, 1)[1], 24 * 5 - 7),
    )

    def at_once(machine: Machine) -> list[Any]:
        return [machine.run(feed, first=0, step_number=begin, rates=table)]

    def one_by_one(take: Callable[..., Any]) -> list[Any]:
        return [take(feed, first=24 * k, step_number=begin + k, rates=table[k : k + 1]) for k in range(steps)]

    wanted = kept_after(backend, name, 1, at_once)
    for found in (
        kept_after(backend, name, threads, at_once),
        kept_after(backend, name, threads, lambda machine: one_by_one(machine.run)),
        kept_after(backend, name, threads, lambda machine: one_by_one(partial(machine.walk, watch=lambda _: None))),
    ):
        for key, array in wanted.items():
            np.testing.assert_array_equal(found[key], array, err_msg=key)


def test_a_rate_counts_for_its_own_step_alone(backend: Backend) -> None:
    feed = digits_like(known_machine(backend, "dense", 1)[1])

    def told(*table: float) -> Any:
        rows = np.array(table)[:, None]
        kept = kept_after(backend, "dense", 2, lambda machine: [machine.run(feed, first=0, step_number=0, rates=rows)])
        return kept["told"]

    plain, other = told(0.1, 0.1, 0.1), told(0.1, 0.2, 0.1)
    np.testing.assert_array_equal(other[:2], plain[:2])
    assert other[2, 0] != plain[2, 0]


@pytest.mark.parametrize("shape", [(2,), (2, 2), (2, 0), (2, 1, 1)])
def test_rates_that_do_not_fit_the_program_are_refused(backend: Backend, shape: tuple[int, ...]) -> None:
    machine, net = known_machine(backend, "dense", 1)
    with pytest.raises(CompilerBug, match="rates of shape"):
        machine.run(digits_like(net), first=0, step_number=0, rates=np.zeros(shape))
    with pytest.raises(CompilerBug, match="rates of shape"):
        machine.walk(digits_like(net), first=0, step_number=0, rates=np.zeros((2, 1)), watch=lambda _: None)


def test_neither_a_step_nor_another_feed_in_between_changes_what_a_feed_gives(backend: Backend) -> None:
    machine, net = known_machine(backend, "convolutions", 2)
    feed, other = digits_like(net), replace(digits_like(net, 40), seed=9, epoch=3)

    def told(between: Callable[[], object]) -> Any:
        kept_after(
            backend, "convolutions", 2, lambda machine: [machine.run(feed, first=0, step_number=0, rates=rates(1, 0.0))]
        )
        between()
        return machine.run(feed, first=24, step_number=1, rates=rates(2, 0.0))

    plain = told(lambda: None)
    np.testing.assert_array_equal(told(lambda: machine.run(other, first=0, step_number=5, rates=rates(1, 0.0))), plain)
    machine.write("rate", np.zeros(()))
    np.testing.assert_array_equal(told(lambda: backend.step(machine, 7, step_number=3, seed=4)), plain)


def test_a_volatile_source_shows_what_lies_in_it_now(backend: Backend) -> None:
    machine, net = begun(backend, "dense", 1)
    feed = digits_like(net)
    ring = replace(feed, source=replace(feed.source, images=feed.source.images.copy(), volatile=True))
    still = rates(1, 0.0)
    before = machine.run(ring, first=0, step_number=0, rates=still)
    np.testing.assert_array_equal(machine.run(feed, first=0, step_number=0, rates=still), before)
    machine.run(ring, first=0, step_number=0, rates=still)
    ring.source.images[:] = feed.source.images[::-1]
    assert machine.run(ring, first=0, step_number=0, rates=still)[0, 0] != before[0, 0]


class StopError(Exception):
    """What a watcher raises."""


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("after", ["first", "middle", "last"])
def test_an_exception_between_two_launches_ends_the_walk_and_leaves_the_machine_as_good_as_new(
    backend: Backend, threads: int, after: str, reference: dict[str, Any]
) -> None:
    net = bundled("digits")
    machine = training(backend, net, 32, threads)
    feed, seen, launches = digits_like(net), list[Launch](), machine.program.launches
    end = {"first": 1, "middle": len(launches) // 2, "last": len(launches)}[after]

    def stop(launch: Launch) -> None:
        seen.append(launch)
        if len(seen) == end:
            raise StopError

    for _ in range(2):
        seen.clear()
        with pytest.raises(StopError):
            machine.walk(feed, first=0, step_number=0, rates=rates(1), watch=stop)
        assert seen == [*launches[:end]]
    for name, array in initialize(step_graph(net), 1).items():
        machine.write(name, array)
    machine.walk(feed, first=0, step_number=0, rates=rates(1), watch=lambda _: None)
    machine.run(feed, first=32, step_number=1, rates=rates(2))
    for name, array in reference.items():
        np.testing.assert_array_equal(machine.read(name), array, err_msg=name)


def test_the_loss_of_a_minibatch_is_the_sum_over_its_images(backend: Backend) -> None:
    net = bundled("digits")
    graph = step_graph(net)
    machine = training(backend, net, 64)
    weights = initialize(graph, 1)
    for name, array in weights.items():
        machine.write(name, array)
    feed = digits_like(net)
    metrics = machine.run(feed, first=64, step_number=0, rates=rates(1, 0.0))
    chosen = feed.order[64:]
    image = (feed.source.images[chosen].astype(np.float32) - 100) / 80
    assert feed.source.labels is not None
    values = {"input": image, "label": feed.source.labels[chosen], "rate": np.array(0.0), **weights}
    wanted = evaluate(graph, values, seed=5)
    assert metrics[0, 0] == pytest.approx(float(wanted["loss"]), rel=1e-5)
    assert metrics[0, 1] == float(wanted["correct"])


def test_outputs_come_in_the_order_of_the_feed(backend: Backend) -> None:
    net = experiment("net t {\ninput 2x3x3\nconv 3 3x3\n}")
    machine = forward(backend, net, 32)
    weights = initialize(net.graph, 1)
    for name, array in weights.items():
        machine.write(name, array)
    generator = np.random.default_rng(3)
    images = generator.standard_normal((50, 2, 3, 3)).astype(np.float32)
    order = generator.permutation(50)[:45]
    outputs = machine.outputs(Pass(Source(images, None, np.zeros(2), np.ones(2)), order))
    wanted = evaluate(net.graph, {"input": images[order], **weights})[net.graph.outputs[0].name]
    np.testing.assert_allclose(outputs.arrays, wanted.reshape(45, -1), atol=1e-5)
    assert not outputs.metrics.any()


CROPPED = "net t {\ninput 1x3x4\nflatten\n}"


def cropped(backend: Backend, feed: Pass) -> Any:
    """What reaches the input, as (n, 3, 4)."""
    machine = forward(backend, experiment(CROPPED), 32)
    return machine.outputs(feed).arrays.reshape(-1, 3, 4)


@given(st.integers(3, 7), st.integers(4, 8), st.integers(0, 2), st.booleans())
def test_a_crop_is_a_window_of_the_padded_image(
    backend: Backend, height: int, width: int, pad: int, random: bool
) -> None:
    generator = np.random.default_rng(height)
    images = generator.integers(1, 256, (20, 1, height, width)).astype(np.uint8)
    source, crop = Source(images, None, np.array([3.0]), np.array([0.5])), "random" if random else "centre"
    feed = Pass(source, np.arange(20), crop=crop, pad=pad, seed=9, epoch=4)
    normal = np.pad((images[:, 0] - 3.0) * 0.5, ((0, 0), (pad, pad), (pad, pad)))
    tall, wide = height + 2 * pad - 3, width + 2 * pad - 4
    for seen, whole in zip(cropped(backend, feed), normal, strict=True):
        windows = {(y, x): whole[y : y + 3, x : x + 4] for y in range(tall + 1) for x in range(wide + 1)}
        matches = [place for place, window in windows.items() if np.array_equal(window, seen)]
        assert matches if random else (tall // 2, wide // 2) in matches


def test_random_crops_depend_on_seed_and_epoch_alone(backend: Backend) -> None:
    images = np.arange(20 * 64, dtype=np.float32).reshape(20, 1, 8, 8)

    def seen(epoch: int, order: Any) -> Any:
        source = Source(images, None, np.zeros(1), np.ones(1))
        return cropped(backend, Pass(source, order, crop="random", seed=1, epoch=epoch))

    forwards, backwards = np.arange(20), np.arange(20)[::-1]
    np.testing.assert_array_equal(seen(0, forwards), seen(0, backwards)[::-1])
    assert not np.array_equal(seen(0, forwards), seen(1, forwards))


def test_a_feed_brings_the_image_and_leaves_other_inputs_as_they_were_written(backend: Backend) -> None:
    """A cotangent beside the image, of the net's input's own shape."""
    graph = experiment("net t { input 2x5x4; conv 2 3x3 pad=1 tanh; dense 3 }").graph
    of, image = graph.layers[1].output, graph.inputs[0]
    machine = backend.machine(lower(gradient_graph(graph, of, image), backend.targets[0], 3))
    generator = np.random.default_rng(1)
    cotangents, images = (generator.standard_normal((count, 2, 5, 4)).astype(np.float32) for count in (3, 6))
    weights = initialize(graph, 1)
    machine.load({value.name: weights[value.name] for value in machine.program.parameters})
    machine.write(cotangent_of(of).name, cotangents)
    found = machine.outputs(Pass(Source(images, None, np.zeros(2), np.ones(2)), np.arange(6))).arrays
    whole = with_gradient(inference(graph, None), of, image)
    fed = {**weights, "input": images, cotangent_of(of).name: np.concatenate([cotangents, cotangents])}
    values = evaluate(whole, fed)
    wanted = np.concatenate([values[value.name].reshape(6, -1) for value in whole.outputs], axis=1)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-5)
