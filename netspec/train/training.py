"""The state of a training: the machine, its position, and the weights that are kept."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from time import perf_counter

from netspec.compiler import training_program
from netspec.data.dataset import Dataset
from netspec.ir.ranking import is_regression
from netspec.ir.recipe import Experiment
from netspec.runtime.device import Device
from netspec.runtime.feed import Pass
from netspec.runtime.pace import Pace
from netspec.train.events import Phase
from netspec.train.run.place import check_place, minibatches
from netspec.train.run.weights import expected_shapes
from netspec.train.step.batch_source import BatchSource, Passes, ready_steps
from netspec.train.step.calls import Call, Timetable, end_step, next_call, rate_of, rates_of
from netspec.train.step.loss_curve import LossCurve
from netspec.train.step.lost import LostFiles
from netspec.train.step.preparation import prepared
from netspec.train.step.scores import Array, RunningSums, Scores, Weights
from netspec.train.step.scoring import Evaluator
from netspec.train.step.snapshot import Elapsed, Snapshot
from netspec.train.watch.explosion import silent_loss
from netspec.train.watch.numerics import NumericsReport, report_numerics
from netspec.train.watch.probe import finite
from netspec.train.watch.sample import UNSAMPLED, Sample, sampled_steps, take_sampled


class Training:
    """Compiled and in memory when made. `position` changes after every call of the device; `broken` says that a loss of
    the last call is infinite or NaN.

    The arrays of `start` replace those that the seed draws. A call never crosses a multiple of `milestone` steps. With
    `statistics` the sample of every epoch has statistics of all layers. Raises UsageError (E477) where the recipe and
    the data have no such position as the start's.
    """

    def __init__(
        self,
        experiment: Experiment,
        dataset: Dataset,
        device: Device,
        start: Snapshot,
        milestone: int | None = None,
        *,
        statistics: bool = False,
    ) -> None:
        images = len(dataset.train)
        self.experiment, self.dataset, self.recipe = experiment, dataset, experiment.train
        check_place(start.position, self.recipe, images)
        self.batch, self.steps_per_epoch = minibatches(self.recipe, images)
        outputs = experiment.graph.outputs[0].elements
        self._silent = silent_loss(self.recipe.loss, outputs)
        self._regression = is_regression(self.recipe.loss, outputs, len(dataset.class_names))
        self._measured_graph = experiment.graph if statistics else None
        self.machine = device.machine(training_program(experiment, device.target, self.batch))
        self._timetable = Timetable(
            self.recipe,
            self.steps_per_epoch,
            sampled_steps(images, self.batch),
            milestone,
            self.machine.program.scalars,
        )
        self._begin_with(start.arrays)
        measured = dataset.validation or dataset.test
        self.evaluator = Evaluator(experiment, prepared(dataset), device) if measured else None
        self.position, self.pace, self.broken = replace(start.position, batch=self.batch), Pace(), False
        self._best: Weights = start.best
        self._stepping, self.lost = False, LostFiles(dataset)
        self._passes = Passes(dataset.train, experiment, prepared(dataset), batch=self.batch, readers=device.readers)
        self._begun, self.epoch_seconds = perf_counter() - start.elapsed.seconds, start.elapsed.epoch_seconds
        self.waited_seconds = start.elapsed.waited_seconds

    def _begin_with(self, arrays: Weights) -> None:
        """Writes these arrays to the machine, and draws all others by the seed."""
        graph = self.experiment.graph
        drawn = [kept for kept in (*graph.parameters, *graph.states) if kept.value.name not in arrays]
        self.machine.initialize(drawn, self.recipe.seed)
        self.machine.load(arrays)

    @property
    def over(self) -> bool:
        """Whether all epochs are done, or the validation loss has not fallen for `stop_patience` epochs."""
        done, patience = self.position.epochs, self.recipe.stop_patience
        return done >= self.recipe.epochs or self.position.early_stopping.exhausted(done, patience)

    @property
    def end_step(self) -> int:
        """Number of steps done at the end of the current epoch."""
        return end_step(self._timetable, self.position)

    @property
    def seconds(self) -> float:
        """Seconds since the start, interruptions left out."""
        return perf_counter() - self._begun

    @property
    def elapsed(self) -> Elapsed:
        """Seconds so far."""
        return Elapsed(self.seconds, self.epoch_seconds, self.waited_seconds)

    @property
    def losses(self) -> tuple[float, ...]:
        """Mean losses of stretches of the current epoch, all of whose steps are done."""
        return self.position.loss_curve.means(len(self.dataset.train), self.batch)

    def scores(self, sums: RunningSums) -> Scores:
        """Means over the images so far, at least one."""
        return sums.scores_of(regression=self._regression)

    def weights(self) -> Weights:
        """Copies of the present weights."""
        return {name: self.machine.read(name) for name in expected_shapes(self.experiment.graph)}

    def kept_weights(self) -> Weights:
        """The weights of the best epoch where the recipe stops early, else the present ones."""
        return self._best or self.weights()

    @property
    def kept_epoch(self) -> int:
        """The epoch of `kept_weights`."""
        return self.position.early_stopping.best_epoch if self._best else self.position.epochs

    def snapshot(self) -> Snapshot | None:
        """Everything that resuming needs; None within an interrupted step."""
        if self._stepping:
            return None
        program = self.machine.program
        arrays = {value.name: self.machine.read(value.name) for value in (*program.parameters, *program.states)}
        return Snapshot(self.position, arrays, self._best, self.elapsed)

    def batches(self) -> BatchSource:
        """The rest of the current epoch; to be closed."""
        return self._passes.training(self.position.epochs, self._first_image)

    def restore(self, snapshot: Snapshot) -> None:
        """Restores a snapshot of the current epoch."""
        self.machine.load(snapshot.arrays)
        self.position, self.broken, self._stepping = snapshot.position, False, False

    def sound(self) -> bool:
        """Whether all weights, running statistics and velocities are finite."""
        program = self.machine.program
        return all(finite(self.machine.read(value.name)) for value in (*program.parameters, *program.states))

    def advance(self, batches: BatchSource, most: int | None = None) -> int:
        """Takes at most `most` steps of the current epoch; returns how many. Where they leave the training `broken`,
        the position stays at the first of them, and the weights are undefined. Raises DataError."""
        position, begin, first = self.position, perf_counter(), self._first_image
        waited = batches.waited_seconds
        ready = ready_steps(batches, first, self.batch)
        call = next_call(self._timetable, position, min(self.pace.steps, ready, most or ready))
        steps, self._stepping = call.steps, True
        sample, metrics = self._take(batches.feed, call)
        self.broken = not finite(metrics[:, 0])
        if self.broken:
            return steps
        images = min(steps * self.batch, len(self.dataset.train) - first)
        batches.release(first + images)
        self.position = replace(
            position,
            step=position.step + steps,
            rate=self.rate_of(position.step + steps - 1),
            sums=position.sums.plus(images, metrics),
            loss_curve=position.loss_curve.plus(metrics[:, 0].tolist(), first // self.batch, self.steps_per_epoch),
            sample=sample,
            loss_peak=position.loss_peak.after(metrics[:, 0].tolist(), self._sizes(steps), position.step, self._silent),
        )
        self.epoch_seconds += perf_counter() - begin
        self.waited_seconds += batches.waited_seconds - waited
        self._stepping = False
        return steps

    def _sizes(self, steps: int) -> list[int]:
        """Number of images of each of the next steps."""
        left = len(self.dataset.train) - self._first_image
        return [min(self.batch, left - step * self.batch) for step in range(steps)]

    def _take(self, feed: Pass, call: Call) -> tuple[Sample, Array]:
        """Takes the next steps, or the next one of the sample; returns the sample and the metrics of each step."""
        position, first = self.position, self._first_image
        if call.looked_into:
            return take_sampled(
                self.machine,
                feed,
                position.sample,
                first=first,
                step_number=position.step,
                rates=call.rates,
                measure=self._measured_graph,
            )
        called = perf_counter()
        metrics = self.machine.run(feed, first=first, step_number=position.step, rates=call.rates)
        self.pace.ran(call.steps, perf_counter() - called)
        return position.sample, metrics

    @property
    def _first_image(self) -> int:
        """Place in the epoch's order of the first image of the next minibatch."""
        return (self.position.step % self.steps_per_epoch) * self.batch

    def report_numerics(self, phase: Phase) -> NumericsReport:
        """Report of the next step; of another phase the first minibatch whose loss is not finite, else the last, with
        the weights of that phase."""
        if phase == "training":
            step, reductions, graph = self.position.step, self.position.early_stopping.reductions, self.experiment.graph
            first, rates = self._first_image, rates_of(self._timetable, range(step, step + 1), reductions)
            self._stepping = True
            with closing(self.batches()) as batches:
                batches.ready(first, self.batch)
                return report_numerics(self.machine, graph, batches.feed, first=first, step_number=step, rates=rates)
        part = self.dataset.validation if phase == "validation" else self.dataset.test
        assert part is not None  # it was measured
        assert self.evaluator is not None
        return self.evaluator.report_numerics(part, self.weights() if phase == "validation" else self.kept_weights())

    def rate_of(self, step: int) -> float:
        """The learning rate of a step of the current epoch, counted from zero."""
        return rate_of(self._timetable, step, self.position.early_stopping.reductions)

    def end_epoch(self, validation: Scores | None) -> None:
        """Counts the current epoch as done; `validation` was measured with the weights after it."""
        position, epoch = self.position, self.position.epochs + 1
        self.epoch_seconds = self.waited_seconds = 0.0
        early_stopping, best = position.early_stopping, position.best
        if validation:
            early_stopping = early_stopping.after(epoch, validation.loss, self.recipe.schedule)
            if early_stopping.best_epoch == epoch:
                best = validation
                self._best = self.weights() if self.recipe.stop_patience is not None else {}
        self.position = replace(
            position,
            epochs=epoch,
            sums=RunningSums(),
            loss_curve=LossCurve(),
            training=self.scores(position.sums),
            validation=validation,
            best=best,
            early_stopping=early_stopping,
            sample=UNSAMPLED,
            dead=tuple(sorted({*position.dead, *position.sample.flat})),
        )
