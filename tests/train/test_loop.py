"""Training does what its recipe says: judged step by step against the oracle, and bit by bit against itself."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from netspec.compiler import step_graph
from netspec.data.dataset import Dataset, Part
from netspec.diagnostics.failure import DivergedError, SpecError
from netspec.diagnostics.text import Source
from netspec.frontend import check_experiment
from netspec.ir.evaluate import evaluate
from netspec.ir.initialize import initialize
from netspec.ir.recipe import Experiment
from netspec.runtime.device import Device
from netspec.train.events import EpochDone, Event, Finished, Progress, Started
from netspec.train.loop import train
from netspec.train.run.begin import DataPlaces, load_data
from netspec.train.run.weights import expected_shapes
from netspec.train.step.feeds import epoch_order
from netspec.train.step.scores import Weights
from tests.kernels.backends import Backend

DIGITS = """net n { input 1x8x8; conv 4 3x3 pad=1 nobias; batchnorm relu; pool max 2x2; dropout 0.25; dense 10 }
data digits validate=0.2 take=150
train { sgd rate=0.05 momentum=0.9 decay=1e-3; schedule step every=1 factor=0.5 warmup=1; batch 40; epochs 2; seed 3 }
"""
POINTS = """net p { input 2; dense 8 tanh; dense 1 }
data circles count=100 validate=0.3
train { sgd rate=0.5; batch 16; epochs 3 }
"""


def experiment_of(text: str, *settings: str) -> Experiment:
    return check_experiment(Source("<text>", text), settings=settings)


def data_of(experiment: Experiment) -> Dataset:
    return load_data(experiment, DataPlaces())


def events_of(device: Device, experiment: Experiment, weights: Weights | None = None) -> list[Event]:
    return list(train(experiment, data_of(experiment), device=device, weights=weights))


def end_of(device: Device, experiment: Experiment, weights: Weights | None = None) -> Finished:
    end = events_of(device, experiment, weights)[-1]
    assert isinstance(end, Finished)
    return end


def same(one: Weights, other: Weights) -> bool:
    """Whether two sets of weights are equal to the bit."""
    return one.keys() == other.keys() and all(one[name].tobytes() == other[name].tobytes() for name in one)


def oracle_losses_and_weights(experiment: Experiment) -> tuple[list[float], Weights]:
    """The mean loss of each epoch and the final weights, computed by the oracle in float64 from first principles."""
    dataset, graph, recipe = data_of(experiment), step_graph(experiment), experiment.train
    values = {name: array.astype(np.float64) for name, array in initialize(experiment.graph, recipe.seed).items()}
    values |= {
        state.value.name: np.zeros(state.value.shape) for state in graph.states if state.value.name not in values
    }
    pixels = dataset.normalized(dataset.train.images).reshape(-1, *experiment.graph.inputs[0].shape)
    step, losses = 0, list[float]()
    for epoch in range(recipe.epochs):
        order, total = epoch_order(dataset.train, experiment, epoch), 0.0
        steps = -(-len(order) // recipe.batch)
        for chosen in np.array_split(order, range(recipe.batch, len(order), recipe.batch)):
            rate = recipe.sgd.rate * recipe.schedule.factor ** (epoch // recipe.schedule.every)
            rate *= min(1.0, (step + 1) / (steps * recipe.schedule.warmup))
            feeds = {"input": pixels[chosen], "label": dataset.train.labels[chosen], "rate": np.float64(rate)}
            out = evaluate(graph, values | feeds, seed=recipe.seed, step=step)
            values |= {update.old.name: out[update.new.name] for update in graph.updates}
            total += float(out["loss"])
            step += 1
        losses.append(total / len(order))
    return losses, {name: values[name] for name in expected_shapes(experiment.graph)}


def test_a_training_is_the_one_that_the_oracle_computes(device: Device) -> None:
    experiment = experiment_of(DIGITS)
    losses, weights = oracle_losses_and_weights(experiment)
    events = events_of(device, experiment)
    assert [e.training.loss for e in events if isinstance(e, EpochDone)] == pytest.approx(losses, rel=1e-4)
    end = events[-1]
    assert isinstance(end, Finished)
    for name, array in weights.items():
        assert np.allclose(end.weights[name], array, rtol=2e-3, atol=2e-4), name


def test_one_seed_gives_the_same_bits_for_any_number_of_threads(backend: Backend) -> None:
    ends = [end_of(backend.device(threads), experiment_of(DIGITS)) for threads in (1, 2, 3)]
    assert all(same(one.weights, other.weights) for one, other in pairwise(ends))
    assert same(ends[0].weights, end_of(backend.device(), experiment_of(DIGITS)).weights)


def test_another_seed_gives_other_weights(device: Device) -> None:
    assert not same(
        end_of(device, experiment_of(DIGITS)).weights, end_of(device, experiment_of(DIGITS, "train.seed=4")).weights
    )


def test_events_come_in_order_and_count_every_image(device: Device) -> None:
    events = events_of(device, experiment_of(POINTS))
    started = events[0]
    assert isinstance(started, Started)
    assert (started.images, started.validation_images, started.steps_per_epoch) == (70, 30, 5)
    assert isinstance(events[-1], Finished)
    done = [event for event in events if isinstance(event, EpochDone)]
    assert [(event.epoch, event.step, event.training.images) for event in done] == [
        (1, 5, 70),
        (2, 10, 70),
        (3, 15, 70),
    ]
    assert all(event.validation is not None and event.validation.images == 30 for event in done)
    assert all(event.images <= event.of_images for event in events if isinstance(event, Progress))


def test_a_net_with_one_output_learns_to_tell_two_classes_apart(device: Device) -> None:
    end = end_of(device, experiment_of(POINTS, "train.epochs=60"))
    assert end.validation is not None
    assert end.validation.accuracy > 0.9


def test_the_whole_set_in_one_batch_is_a_step_an_epoch(device: Device) -> None:
    assert end_of(device, experiment_of(POINTS, "train.batch=all")).steps == 3
    assert end_of(device, experiment_of(POINTS, "train.batch=1000")).steps == 3


def test_the_last_short_batch_counts_its_images_only(device: Device) -> None:
    experiment = experiment_of(POINTS, "train.sgd.rate=0", "train.epochs=1")
    whole = end_of(device, experiment_of(POINTS, "train.sgd.rate=0", "train.epochs=1", "train.batch=all"))
    end = end_of(device, experiment)
    assert end.training.loss == pytest.approx(whole.training.loss, rel=1e-5)
    assert end.training.accuracy == whole.training.accuracy


def test_training_goes_on_from_given_weights(device: Device) -> None:
    first = end_of(device, experiment_of(POINTS))
    still = end_of(device, experiment_of(POINTS, "train.sgd.rate=0"), weights=first.weights)
    assert same(still.weights, first.weights)
    assert still.validation == first.validation


def test_the_weights_between_events_are_those_of_that_moment(device: Device) -> None:
    experiment = experiment_of(POINTS)
    events = train(experiment, data_of(experiment), device=device)
    started = next(events)
    assert isinstance(started, Started)
    drawn, defined = started.weights(), initialize(experiment.graph, 1)
    assert all(np.allclose(drawn[name], defined[name], rtol=2e-6, atol=1e-7) for name in defined)
    end = [*events][-1]
    assert isinstance(end, Finished)
    assert same(started.weights(), end.weights)
    assert not np.allclose(end.weights["dense1.weight"], defined["dense1.weight"], rtol=1e-3)


def test_the_first_loss_that_is_no_number_ends_the_training(device: Device) -> None:
    experiment = experiment_of(DIGITS, "train.sgd.rate=1e25", "train.schedule.warmup=0")
    with pytest.raises(DivergedError) as caught:
        events_of(device, experiment)
    assert caught.value.code == "E460"
    assert any("learning rate of that step was 1e+25" in text for text in caught.value.notes)
    assert any("train.sgd.rate=" in text for text in caught.value.helps)


@pytest.mark.parametrize("threads", [1, 2])
def test_after_a_training_that_broke_off_another_is_as_good_as_the_first(backend: Backend, threads: int) -> None:
    device = backend.device(threads)
    experiment, wanted = experiment_of(DIGITS), end_of(backend.device(), experiment_of(DIGITS))
    with pytest.raises(DivergedError):
        events_of(device, experiment_of(DIGITS, "train.sgd.rate=1e25", "train.schedule.warmup=0"))
    broken = train(experiment, data_of(experiment), device=device)
    while not isinstance(next(broken), EpochDone):
        pass
    with pytest.raises(ZeroDivisionError):
        broken.throw(ZeroDivisionError())
    assert same(end_of(device, experiment).weights, wanted.weights)


def test_the_step_that_diverged_is_named(device: Device) -> None:
    experiment = experiment_of(POINTS, "train.sgd.rate=0")
    dataset = data_of(experiment)
    images = dataset.train.images.copy()
    order = epoch_order(dataset.train, experiment, 1)
    images[order[37]] = np.nan
    first = epoch_order(dataset.train, experiment, 0).tolist().index(order[37]) // 16 + 1
    broken = replace(dataset, train=Part(images, dataset.train.labels))
    with pytest.raises(
        DivergedError, match=rf"in step {first} \(epoch 1\): pixels of `input` are not a number"
    ) as caught:
        list(train(experiment, broken, device=device))
    assert f"number {order[37]} of the training part" in caught.value.notes[0]


@pytest.mark.parametrize("validate", ["0.2", "0"])
def test_a_last_step_that_ruins_the_weights_is_told(device: Device, validate: str) -> None:
    once = (
        "train.epochs=1",
        "train.batch=all",
        "train.sgd.rate=3e38",
        "train.sgd.decay=100",
        f"data.validate={validate}",
    )
    experiment = experiment_of(POINTS, *once)
    dataset = replace(data_of(experiment), test=None)
    with pytest.raises(DivergedError, match=r"in step 1 \(epoch 1\): the step makes `dense[12].(weight|bias)`"):
        list(train(experiment, dataset, device=device))


def test_finite_weights_that_give_no_finite_loss_are_told(device: Device) -> None:
    experiment = experiment_of(
        POINTS.replace("dense 8 tanh", "dense 8"), "train.epochs=1", "train.batch=all", "train.sgd.rate=1e25"
    )
    events = train(experiment, data_of(experiment), device=device)
    seen = list[Event]()
    with pytest.raises(DivergedError, match=r"after step 1, as the validation images were measured: activations of"):
        seen.extend(iter(events))


def test_what_cannot_run_is_refused_before_anything_is_compiled() -> None:
    experiment = experiment_of(POINTS, "train.precision=bf16")
    with pytest.raises(SpecError):
        next(train(experiment, data_of(experiment), device=_NoDevice()))  # type: ignore[arg-type]


class _NoDevice:
    def __getattr__(self, name: str) -> Iterator[None]:
        raise AssertionError(f"asked the device for {name}")


OVERFITTING = ("train.sgd.rate=0.5", "train.stop.patience=2", "train.epochs=40", "data.take=60")


def test_early_stopping_keeps_the_weights_of_the_best_epoch(device: Device) -> None:
    experiment = experiment_of(DIGITS, *OVERFITTING)
    events = events_of(device, experiment)
    done, end = [event for event in events if isinstance(event, EpochDone)], events[-1]
    assert isinstance(end, Finished)
    losses = [event.validation.loss for event in done if event.validation]
    best = int(np.argmin(losses)) + 1
    assert (end.epochs, end.kept_epoch, end.best_epoch) == (best + 2, best, best)
    assert end.epochs < 40
    assert end.validation is not None
    assert end.validation.loss == losses[best - 1]
    longer = experiment_of(DIGITS, *OVERFITTING[:1], *OVERFITTING[3:], "train.epochs=40")
    seen = train(longer, data_of(longer), device=device)
    started = next(seen)
    assert isinstance(started, Started)
    next(event for event in seen if isinstance(event, EpochDone) and event.epoch == best)
    assert same(started.weights(), end.weights)


def test_without_a_stop_the_last_weights_are_kept_and_the_best_epoch_is_told(device: Device) -> None:
    events = events_of(device, experiment_of(DIGITS, "train.sgd.rate=0.5", "data.take=60", "train.epochs=6"))
    end, losses = events[-1], [e.validation.loss for e in events if isinstance(e, EpochDone) and e.validation]
    assert isinstance(end, Finished)
    assert (end.epochs, end.kept_epoch, end.best_epoch) == (6, 6, int(np.argmin(losses)) + 1)
    assert end.validation is not None
    assert end.validation.loss == losses[-1]


def test_the_rate_is_turned_down_by_the_validation_loss(device: Device) -> None:
    settings = ("train.schedule=plateau", "train.schedule.factor=0.5", "train.schedule.patience=1")
    events = events_of(device, experiment_of(DIGITS, *settings, "train.schedule.warmup=0", *OVERFITTING[2:]))
    done = [event for event in events if isinstance(event, EpochDone)]
    wanted, lowest = 0.05, np.inf
    for event in done:
        assert event.rate == wanted
        assert event.validation is not None
        wanted, lowest = (wanted if event.validation.loss < lowest else wanted / 2), min(lowest, event.validation.loss)
    assert wanted < 0.05


def test_a_smooth_schedule_changes_with_every_minibatch(device: Device) -> None:
    experiment = experiment_of(POINTS, "train.schedule=cosine")
    losses = [(1 + np.cos(np.pi * step / 15)) / 2 for step in range(15)]
    done = [event for event in events_of(device, experiment) if isinstance(event, EpochDone)]
    assert [event.rate for event in done] == pytest.approx([0.5 * losses[step] for step in (4, 9, 14)])
