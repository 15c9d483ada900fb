"""`netspec train`: trains a spec's net and leaves a run folder."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import click

from netspec.cli.data_options import data_memory_option, data_progress
from netspec.cli.device_options import device_options
from netspec.cli.experiment import load_experiment, with_data
from netspec.cli.options import (
    data_dir_option,
    data_option,
    find_spec,
    json_option,
    override_options,
    weights_option,
)
from netspec.cli.saving import checkpoint_options
from netspec.cli.show.printing import counted, note, remark, say, say_json, say_line
from netspec.cli.show.replay import show_replay
from netspec.cli.show.statistics_table import show_statistics
from netspec.cli.show.training_display import Display, duration, scores_line
from netspec.cli.stopping import Stop
from netspec.data.environment import readable_data_folder
from netspec.diagnostics.cells import shown
from netspec.diagnostics.failure import CompilerBug, DivergedError, NetspecError, UsageError
from netspec.diagnostics.quoting import quoted
from netspec.frontend import read_source
from netspec.ir.recipe import Experiment
from netspec.runtime.device import RESUMED_ON_CPU, Device, DeviceChoice, open_device, open_kept
from netspec.train.events import Finished, Lost
from netspec.train.run.begin import Begun, DataPlaces, Origin, begin
from netspec.train.run.cadence import Saving
from netspec.train.run.data_line import check_data_line
from netspec.train.run.document import Run
from netspec.train.run.folder import CURVE, METRICS, RECORD, WEIGHTS, open_run, run_experiment
from netspec.train.run.longer import has_other_epochs, sets_epochs, text_changed
from netspec.train.run.metrics import Line, read_lines
from netspec.train.run.options import RunOptions
from netspec.train.run.record import result_document
from netspec.train.run.resume import resume
from netspec.train.run.tensorboard import check_installed, with_event_file

NOTABLE_SHARE = 0.05
"""of the time of the steps; less is not told of"""
LONGER = {"--resume": ("`--set train.epochs=N` trains it for longer",)}


@click.command("train")
@click.argument("spec", metavar="SPEC", required=False)
@click.option("--run", "folder", type=click.Path(path_type=Path), help="Folder of the run  [default: runs/NET-TIME].")
@click.option("--resume", "resumed", metavar="RUN", type=click.Path(path_type=Path), help="Go on with this run.")
@click.option(
    "--replay", "replayed", metavar="RUN", type=click.Path(path_type=Path), help="See inside the step that diverged."
)
@click.option("--force", is_flag=True, help="Replace the run in the folder; resume though something has changed.")
@checkpoint_options
@click.option("--tensorboard", is_flag=True, help="Write event files for TensorBoard too (an extra).")
@click.option("--stats", is_flag=True, help="Log size and update of the weights, and activations, layer by layer.")
@click.option("--strict", is_flag=True, help="Make data files that would be skipped an error.")
@weights_option
@data_option
@data_dir_option
@data_memory_option
@device_options
@override_options
@json_option
def command(
    spec: str | None,
    folder: Path | None,
    resumed: Path | None,
    replayed: Path | None,
    force: bool,
    saving: Saving,
    tensorboard: bool,
    stats: bool,
    weights: Path | None,
    strict: bool,
    data: str | None,
    data_dir: Path | None,
    data_memory: int,
    choice: DeviceChoice,
    with_values: dict[str, str],
    settings: tuple[str, ...],
    as_json: bool,
) -> int | None:
    """Train the net of SPEC and write a run folder: the spec, metrics, a learning curve, checkpoints, weights.

    Ctrl-C keeps what there is; `--resume RUN` goes on from the last checkpoint to the same bits, also after a kill, and
    with `--set train.epochs=N` for longer.
    The number of threads changes no bit of the result. `--replay RUN` takes the step again in which a run diverged, and
    tells layer by layer what happened.
    """
    options = RunOptions(saving, stats, tensorboard, strict)
    places = DataPlaces(data_dir, readable_data_folder(), strict, data_memory, data_progress)
    if replayed is not None:
        _refuse_beside("--replay", spec, folder, resumed, weights, data, choice.planned, with_values, settings)
        return show_replay(open_run(replayed), places, choice, force=force, as_json=as_json)
    if resumed is not None:
        others = [setting for setting in settings if not sets_epochs(setting)]
        _refuse_beside("--resume", spec, folder, weights, data, choice.planned, with_values, others)
        return _resume(open_run(resumed), settings, places, choice, options, force=force, as_json=as_json)
    if spec is None:
        raise click.UsageError("Missing argument 'SPEC'.")
    _check_logging(options)
    experiment = load_experiment(spec, with_values=with_values, settings=settings, data=data)
    device = open_device(choice)
    origin = Origin(read_source(find_spec(spec)), with_values, with_data(data, settings))
    begun = begin(
        experiment,
        origin,
        places=places,
        device=device,
        folder=folder,
        force=force,
        weights=weights,
        options=options,
    )
    return _train(_logged(begun), experiment, device, as_json)


def _resume(
    run: Run,
    settings: tuple[str, ...],
    places: DataPlaces,
    choice: DeviceChoice,
    options: RunOptions,
    *,
    force: bool,
    as_json: bool,
) -> None:
    """Goes on with a run; one that is finished stays as it is, unless `settings` ask for other epochs or `force`."""
    experiment = run_experiment(run, settings)
    if run.status == "finished" and not force and not has_other_epochs(run, experiment):
        check_data_line(run, experiment)
        return _tell_finished(run, as_json)
    _check_logging(options.over(run.options))
    device = open_kept(choice, run.planned_by, RESUMED_ON_CPU)
    begun = resume(run, experiment, places=places, device=device, options=options, force=force)
    return _train(_logged(begun), experiment, device, as_json)


def _check_logging(options: RunOptions) -> None:
    """Raises UsageError (E603) where TensorBoard's event files are asked for and cannot be written."""
    if options.tensorboard:
        check_installed()


def _logged(begun: Begun) -> Begun:
    """With event files for TensorBoard, where asked for."""
    if begun.run is None or not begun.run.options.tensorboard:
        return begun
    return replace(begun, events=with_event_file(begun.run.folder, begun.events))


def _refuse_beside(option: str, *given: object) -> None:
    """Raises UsageError (E610): a run is taken as it began."""
    if any(given):
        helps = (f"`netspec train {option} RUN` takes where data lie, and threads", *LONGER.get(option, ()))
        message = f"`{option}` takes a run as it began: neither a spec nor an option that changes it fits beside it"
        raise UsageError("E610", message, helps=helps)


def _tell_finished(run: Run, as_json: bool) -> None:
    if text_changed(run):
        remark(f"note: the spec in {run.folder} has changed since it was trained, and asks for no other epochs")
    if as_json:
        say_json({"run": run.folder, **run.result})
    else:
        say_line(f"{run.folder} is finished: there is nothing to go on with")
        say_line(f"train it for longer with: netspec train --resume {quoted(str(run.folder))} --set train.epochs=N")


def _train(begun: Begun, experiment: Experiment, device: Device, as_json: bool) -> None:
    """Trains to the end, and tells what came out."""
    assert begun.run is not None  # it has a folder
    display = Display(sys.stderr if as_json else sys.stdout)
    introduce(display, begun, experiment, device)
    finished = watch(begun, display)
    if as_json:
        say_json({"run": begun.run.folder, **result_document(finished)})
    else:
        lines = read_lines(begun.run.folder / METRICS, finished.epochs)
        say(summary(experiment, begun.run, finished))
        _say_what_was_waited(lines)
        if lines[-1].layers:
            show_statistics(lines[-1])


def introduce(display: Display, begun: Begun, experiment: Experiment, device: Device) -> None:
    """What is going to be trained, on what, where."""
    for notice in begun.notices:
        note(notice)
    dataset, recipe, graph = begun.dataset, experiment.train, experiment.graph
    parts = {"training": dataset.train, "validation": dataset.validation, "test": dataset.test}
    sizes = ", ".join(f"{len(part):,} {name}" for name, part in parts.items() if part)
    parameters = sum(parameter.value.elements for parameter in graph.parameters)
    display.line(f"net     {graph.name}, {parameters:,} parameters")
    display.line(f"data    {shown(dataset.description)}: {sizes} images")
    display.line(f"recipe  {counted(recipe.epochs, 'epoch')}, batch {recipe.batch or 'all'}, seed {recipe.seed}")
    display.line(f"device  {device.description}")
    display.line(f"run     {shown(str(begun.run.folder)) if begun.run else 'kept nowhere'}\n")


def watch(begun: Begun, display: Display) -> Finished:
    """Shows every event until the end. A training that ends before says how to go on, where it has a folder."""
    stop, lost = Stop(), 0
    try:
        with stop.listening(), closing(begun.events) as events, display.running():
            for event in events:
                display.show(event)
                lost += len(event.files) if isinstance(event, Lost) else 0
                if isinstance(event, Finished):
                    _say_what_was_lost(lost)
                    return event
                stop.patient = True
                stop.check()
    except DivergedError:
        if begun.run is not None:
            remark(f"see inside that step with: netspec train --replay {quoted(str(begun.run.folder))}")
        raise
    except (KeyboardInterrupt, NetspecError, CompilerBug):
        if begun.run is not None:
            _say_how_to_go_on(begun.run)
        raise
    raise AssertionError("a training ends with Finished")


def _say_what_was_lost(files: int) -> None:
    if files:
        note(f"{counted(files, 'file')} could not be read any more; images of the same classes took the places")


def _say_what_was_waited(lines: Sequence[Line]) -> None:
    """Tells where reading images, and not the net, decided how long the steps took."""
    waited, spent = sum(line.waited_seconds for line in lines), sum(line.seconds for line in lines)
    if waited > NOTABLE_SHARE * spent:
        say(
            f"{waited / spent:.0%} of the steps' time ({duration(waited)}) was waited for images to be read and decoded"
        )


def _say_how_to_go_on(run: Run) -> None:
    kept = run.folder / WEIGHTS
    remark(f"the weights so far are in {shown(str(kept))}" if kept.exists() else "stopped before the first step")
    remark(f"go on with: netspec train --resume {quoted(str(run.folder))}")


def summary(experiment: Experiment, run: Run, end: Finished) -> str:
    """What came out, for a person."""
    spent = f"{counted(end.epochs, 'epoch')} ({counted(end.steps, 'step')}) in {duration(end.seconds)}"
    measured = {"training": end.training, "validation": end.validation, "test": end.test}
    width = max(len(part) for part, scores in measured.items() if scores)
    lines = [scores_line(part.ljust(width), scores) for part, scores in measured.items() if scores]
    if end.kept_epoch != end.epochs:
        lines.append(f"the weights are those of epoch {end.kept_epoch}, which had the lowest validation loss")
    files = ", ".join((run.spec, RECORD, METRICS, CURVE, WEIGHTS))
    return "\n".join(
        (
            "",
            f"trained {experiment.graph.name}: {spent}{_early(experiment, end)}",
            *lines,
            f"{shown(str(run.folder))} holds {files}",
        )
    )


def _early(experiment: Experiment, end: Finished) -> str:
    """Why a training ended before its last epoch, if it did."""
    recipe = experiment.train
    if end.epochs == recipe.epochs or recipe.stop_patience is None:
        return ""
    return f", stopped after {counted(recipe.stop_patience, 'epoch')} without a lower validation loss"
