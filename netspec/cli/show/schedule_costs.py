"""What `netspec bench --schedules` measures and prints: what a rate that moves at every step costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from netspec.bench.schedules import PROMISED_PYTHON, PROMISED_WHOLE, ScheduleCost, measure_schedules
from netspec.cli.show.printing import say
from netspec.cli.show.tables import Column, show, table
from netspec.data.environment import readable_data_folder
from netspec.ir.recipe import Experiment
from netspec.runtime.cpu.device import CpuDevice
from netspec.train.run.begin import DataPlaces, load_data, remarks

COLUMNS: tuple[Column, ...] = (
    ("schedule", "left"),
    ("training s", "right"),
    ("times", "right"),
    ("Python us a step", "right"),
    ("times", "right"),
)


def schedule_costs(
    experiment: Experiment, device: CpuDevice, rounds: int, progress: Callable[[int], None]
) -> tuple[ScheduleCost, ...]:
    """Trains the net of an experiment under three schedules, on its own data. Raises DataError where labels do not fit
    the net."""
    dataset = load_data(experiment, DataPlaces(shared_dir=readable_data_folder()))
    remarks(dataset, experiment)
    return measure_schedules(experiment, dataset, device, rounds, progress)


def show_costs(experiment: Experiment, device: CpuDevice, rounds: int, costs: Sequence[ScheduleCost]) -> None:
    """Prints a row for each schedule, and what was promised."""
    show(table(COLUMNS, [_row(cost) for cost in costs]))
    epochs, threads = experiment.train.epochs, device.threads
    say(f"{epochs} epochs of {experiment.graph.name}, threads: {threads}; medians of {rounds} interleaved rounds")
    say("Python: processor time outside native code; ends of epochs and steps that are looked into do not count")
    say(f"the promise for 30 epochs of digits is at most {PROMISED_WHOLE:g} and {PROMISED_PYTHON:g} times constant")


def _cost_document(cost: ScheduleCost) -> dict[str, object]:
    return {
        "schedule": cost.kind,
        "seconds": cost.seconds,
        "python_seconds": cost.python_seconds,
        "times_whole": cost.times_whole,
        "times_python": cost.times_python,
        "kept": cost.kept,
    }


def _row(cost: ScheduleCost) -> tuple[str, ...]:
    seconds = f"{cost.seconds:.3f}", f"{cost.times_whole:.3f}"
    return (cost.kind, *seconds, f"{1e6 * cost.python_seconds:.2f}", f"{cost.times_python:.2f}")


def costs_document(
    experiment: Experiment, device: CpuDevice, rounds: int, costs: Sequence[ScheduleCost]
) -> dict[str, object]:
    """The same as JSON holds it."""
    return {
        "spec": experiment.graph.name,
        "threads": device.threads,
        "epochs": experiment.train.epochs,
        "rounds": rounds,
        "schedules": [_cost_document(cost) for cost in costs],
        "promised_whole": PROMISED_WHOLE,
        "promised_python": PROMISED_PYTHON,
    }
