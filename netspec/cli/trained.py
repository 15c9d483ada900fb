"""The trained net that a command works on: a run folder, or a spec with `--weights`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from netspec.cli.experiment import load_experiment, with_data
from netspec.cli.options import find_spec
from netspec.cli.show.printing import remark
from netspec.diagnostics.failure import UsageError
from netspec.frontend import check_experiment, read_source
from netspec.train.run.begin import DataPlaces
from netspec.train.run.measurable import measured_on, split_measured
from netspec.train.use.trained import Trained, from_file, from_run


def load_trained(
    target: str,
    *,
    weights: Path | None,
    with_values: Mapping[str, str],
    settings: Sequence[str],
    data: str | None,
    places: DataPlaces,
) -> Trained:
    """The net that TARGET names, with its weights; where they are a checkpoint's, a note on standard error says so.

    Raises UsageError (E462, E464, E466), SpecError, and DataError where weights or data cannot be used.
    """
    if Path(target).is_dir():
        if with_values:
            helps = ("name the spec, and the run's weights with `--weights`",)
            raise UsageError("E466", "a run's net is fixed: `--with` cannot change it", helps=helps)
        trained = from_run(Path(target), with_data(data, settings), weights)
        for notice in trained.notices:
            remark(f"note: {notice}")
        return trained
    source = read_source(find_spec(target))
    measured, others = split_measured(
        lambda given: check_experiment(source, with_values=with_values, settings=given), with_data(data, settings)
    )
    experiment = measured_on(load_experiment(target, with_values=with_values, settings=others), measured)
    if weights is None:
        helps = ("name a run folder, or the weights with `--weights FILE`", "`netspec train` makes both")
        raise UsageError("E464", f"`{target}` is a spec, which has no weights", helps=helps)
    return from_file(experiment, weights, places)
