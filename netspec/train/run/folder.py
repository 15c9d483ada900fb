"""Run folders: all results of a training, and all that is needed to build the same net again.

<net>.net             the spec at the start of the training, with the files that it uses
run.json              overrides, data, normalisation, class names, seed, versions, result
metrics.jsonl         one line per epoch
curve.png             loss, accuracy and learning rate over the epochs
checkpoints/          the last few snapshots, to resume from
weights.safetensors   parameters and running statistics
start.safetensors     their initial values, where the seed did not draw them
events.out.tfevents…  the metrics for TensorBoard, as an option
diverged.safetensors  the state before a training diverged (`evidence.py`)
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from netspec.data.classes import Known
from netspec.diagnostics.failure import DataError, NetspecError, UsageError
from netspec.diagnostics.json_text import json_text
from netspec.diagnostics.quoting import quoted
from netspec.diagnostics.text import Source
from netspec.frontend import check_experiment, read_source
from netspec.ir.recipe import Experiment
from netspec.train.run.checkpoint import clear_checkpoints
from netspec.train.run.data import kept_data
from netspec.train.run.document import Run, document_of, run_of
from netspec.train.run.files import cannot_write, make_folder, remove, write_whole
from netspec.train.run.identity import source_facts
from netspec.train.run.measurable import measurable
from netspec.train.run.sources import used_sources
from netspec.train.run.weights import write_weights
from netspec.train.step.preparation import known_classes
from netspec.train.step.scores import Weights

RECORD, METRICS, CURVE, WEIGHTS = "run.json", "metrics.jsonl", "curve.png", "weights.safetensors"
START, EVIDENCE = "start.safetensors", "diverged.safetensors"
EVENTS = "events.out.tfevents.*.netspec"


def check_folder(wanted: Path, *, force: bool) -> None:
    """Raises UsageError (E461) where `wanted` is not a folder, or contains a run and `force` is not given."""
    if os.path.exists(wanted) and not wanted.is_dir():
        raise UsageError("E461", f"`{wanted}` is not a folder", helps=("name another with `--run DIR`",))
    if holds_run(wanted) and not force:
        helps = ("name another folder with `--run DIR`", "`--force` replaces the run that is there")
        raise UsageError("E461", f"`{wanted}` already holds a run", helps=helps)


def claim_folder(wanted: Path | None, net: str, now: datetime | None = None) -> Path:
    """Creates the folder of a run: `wanted`, or a new `runs/<net>-<time>` of its own. Raises DataError."""
    if wanted is not None:
        make_folder(wanted)
        return wanted
    first = Path("runs") / f"{net}-{now or datetime.now():%Y%m%d-%H%M%S}"
    make_folder(first.parent)
    for path in (first, *(first.with_name(f"{first.name}-{k}") for k in range(2, 1000))):
        try:
            path.mkdir()
        except FileExistsError:
            continue
        except OSError as error:
            raise cannot_write(path, error) from None
        return path
    raise UsageError("E461", f"a thousand runs began in one second: `{first}` and its like are taken")


def holds_run(folder: Path) -> bool:
    """Whether a folder contains files that a new run would replace."""
    return any(os.path.exists(folder / name) for name in (RECORD, METRICS, CURVE, WEIGHTS))


def create_run(run: Run, source: Source, weights: Weights | None = None) -> Run:
    """Writes the spec, the files that it uses and at last `run.json` into the run's folder: a kill leaves a run that
    can be resumed, or none. An older run there is removed. `weights` are the initial weights, where the seed does not
    draw them.

    Returns the run with the name of its spec and the facts of its sources. Raises DataError (E540).
    """
    _clear(run.folder)
    used = used_sources(source)
    spec = _free_name(run.spec, used)
    texts = {**used, spec: _as_run(source.text, run)}
    created = replace(run, spec=spec, identity={**source_facts(texts), **run.identity})
    if weights is not None:
        write_weights(run.folder / START, weights)
    for name, text in texts.items():
        make_folder((run.folder / name).parent)
        write_whole(run.folder / name, text.encode())
    save_record(created)
    return created


def _clear(folder: Path) -> None:
    """Removes the files of an older run, and no others."""
    try:
        old = json.loads((folder / RECORD).read_bytes()).get("spec")
    except (OSError, ValueError, AttributeError):
        old = None
    clear_checkpoints(folder)
    spec = (old,) if isinstance(old, str) and Path(old).name == old else ()
    remove(folder / name for name in (RECORD, METRICS, CURVE, WEIGHTS, START, EVIDENCE, *spec))
    remove(folder.glob(EVENTS))


def _free_name(net: str, used: Mapping[str, str]) -> str:
    return f"{net}.net" if f"{net}.net" not in used else f"{net}.run.net"


def _as_run(text: str, run: Run) -> str:
    """The spec's text in valid UTF-8, with the overrides as one comment at the top."""
    told, kept = _told(run), _storable(text)
    return kept if kept.startswith(told) else told + kept


def _told(run: Run) -> str:
    """The overrides as a comment; empty where there are none."""
    with_values = tuple(f"--with {key}={value}" for key, value in run.with_values.items())
    given = " ".join((*with_values, *(f"--set {quoted(setting)}" for setting in run.settings)))
    return _storable(f"# Run with {' '.join(given.split())}\n") if given else ""


def _storable(text: str) -> str:
    """The text with escapes for bytes of names that are not UTF-8."""
    return text.encode("utf-8", "backslashreplace").decode()


def save_record(run: Run) -> None:
    """Writes `run.json`. Raises DataError (E540)."""
    write_whole(run.folder / RECORD, (json_text(document_of(run)) + "\n").encode())


def open_run(folder: Path) -> Run:
    """Reads a run folder. Raises UsageError (E462) where it has no `run.json`, DataError (E544) where that file is
    broken or not readable."""
    try:
        content = (folder / RECORD).read_bytes()
    except PermissionError:
        raise DataError("E544", f"`{folder / RECORD}` may not be read", helps=("look at its permissions",)) from None
    except OSError:
        helps = ("name the folder that `netspec train` wrote",)
        raise UsageError("E462", f"`{folder}` is not a run folder: it has no `{RECORD}`", helps=helps) from None
    try:
        document = json.loads(content)
        return run_of(folder, document)
    except (ValueError, OverflowError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DataError("E544", f"`{folder / RECORD}` is broken: {type(error).__name__}: {error}") from None


def run_of_weights(path: Path) -> Run | None:
    """The run whose folder contains a file of weights; None where there is no readable one."""
    try:
        return open_run(path.parent)
    except NetspecError:
        return None


def run_known(run: Run, experiment: Experiment) -> Known | None:
    """The classes of the run, which number those of its data when these are read again."""
    return known_classes(run.preparation, experiment, run.data.classes if run.data else ())


def run_experiment(run: Run, settings: Sequence[str] = ()) -> Experiment:
    """Builds the run's net and recipe again; `settings` are added to the run's own. With fewer classes than the net has
    outputs, the experiment is for measurement on these and not for training.

    Raises SpecError where the spec in the folder now has mistakes, UsageError where it is missing.
    """
    checked = measurable(lambda given: asked_of(run, (*run.settings, *given)), settings)
    return replace(checked, data=kept_data(run, checked.data, settings))


def asked_of(run: Run, settings: Sequence[str]) -> Experiment:
    """The experiment of the spec in the folder with these settings; paths of data are relative to the folder. Raises
    SpecError, UsageError."""
    return check_experiment(read_source(run.folder / run.spec), with_values=run.with_values, settings=settings)


def retell(before: Run, now: Run) -> dict[str, str]:
    """Updates the comment with the overrides at the top of the spec in the folder. Returns the texts as `run_texts`.
    Raises DataError (E540)."""
    texts = run_texts(now)
    text = _as_run(texts[now.spec].removeprefix(_told(before)), now)
    if text != texts[now.spec]:
        write_whole(now.folder / now.spec, text.encode())
    return {**texts, now.spec: text}


def run_texts(run: Run) -> dict[str, str]:
    """The texts of the spec in the folder and of the files that it uses, by name."""
    source = read_source(run.folder / run.spec)
    return {**used_sources(source), run.spec: source.text}
