"""Run folders: everything that a training leaves behind, and enough to build the same net again.

<net>.net             the spec as it was, used files beside it
run.json              how it was run: overrides, data, normalisation, class names, seed, versions, result
metrics.jsonl         a line an epoch
curve.png             loss, accuracy and learning rate over the epochs
checkpoints/          the last few snapshots, to go on from
weights.safetensors   parameters and running statistics
start.safetensors     what they were at the start, where the seed did not draw them
events.out.tfevents…  the metrics for TensorBoard, where asked for
diverged.safetensors  where a training diverged, the state before it did (`evidence.py`)
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
    """Raises UsageError (E461) where `wanted` is no folder, or holds a run and `force` is not given."""
    if os.path.exists(wanted) and not wanted.is_dir():
        raise UsageError("E461", f"`{wanted}` is not a folder", helps=("name another with `--run DIR`",))
    if holds_run(wanted) and not force:
        helps = ("name another folder with `--run DIR`", "`--force` replaces the run that is there")
        raise UsageError("E461", f"`{wanted}` already holds a run", helps=helps)


def claim_folder(wanted: Path | None, net: str, now: datetime | None = None) -> Path:
    """Makes the folder of a run: `wanted`, or a new `runs/<net>-<time>` that no other run gets. Raises DataError."""
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
    """Whether a folder holds something that a new run would replace."""
    return any(os.path.exists(folder / name) for name in (RECORD, METRICS, CURVE, WEIGHTS))


def create_run(run: Run, source: Source, weights: Weights | None = None) -> Run:
    """Puts the spec, files that it uses and at last `run.json` into the run's folder, so that a kill leaves a run that
    can go on or none; an older run there goes. `weights` are what the training starts from, where the seed does not
    draw them.

    Returns the run with the name of its spec filled in. Raises DataError (E540).
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
    """Removes what an older run wrote, and no file that is not netspec's."""
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
    """The spec's text as UTF-8 can hold it; overrides from outside stand above it as a comment, once."""
    told, kept = _told(run), _storable(text)
    return kept if kept.startswith(told) else told + kept


def _told(run: Run) -> str:
    """The overrides as a comment; empty where there are none."""
    with_values = tuple(f"--with {key}={value}" for key, value in run.with_values.items())
    given = " ".join((*with_values, *(f"--set {quoted(setting)}" for setting in run.settings)))
    return _storable(f"# Run with {' '.join(given.split())}\n") if given else ""


def _storable(text: str) -> str:
    """The text with escapes for bytes of names that are no UTF-8."""
    return text.encode("utf-8", "backslashreplace").decode()


def save_record(run: Run) -> None:
    """Writes `run.json`. Raises DataError (E540)."""
    write_whole(run.folder / RECORD, (json_text(document_of(run)) + "\n").encode())


def open_run(folder: Path) -> Run:
    """Reads a run folder. Raises UsageError (E462) where it is none, DataError (E544) where `run.json` is broken or may
    not be read."""
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
    """The run in whose folder a file of weights lies; None where it lies in none that can be read."""
    try:
        return open_run(path.parent)
    except NetspecError:
        return None


def run_known(run: Run, experiment: Experiment) -> Known | None:
    """The classes of the run, by which its data are numbered whenever they are read again."""
    return known_classes(run.preparation, experiment, run.data.classes if run.data else ())


def run_experiment(run: Run, settings: Sequence[str] = ()) -> Experiment:
    """Builds the run's net and recipe again; `settings` add to those it was run with. With fewer classes than the net
    has outputs it is fit to be measured on these, and not to be trained.

    Raises SpecError where the spec in the folder has been changed into one with mistakes, UsageError where it is gone.
    """
    checked = measurable(lambda given: asked_of(run, (*run.settings, *given)), settings)
    return replace(checked, data=kept_data(run, checked.data, settings))


def asked_of(run: Run, settings: Sequence[str]) -> Experiment:
    """What the spec in the folder asks for with these settings; paths of data are relative to the folder. Raises
    SpecError, UsageError."""
    return check_experiment(read_source(run.folder / run.spec), with_values=run.with_values, settings=settings)


def retell(before: Run, now: Run) -> dict[str, str]:
    """Tells above the spec in the folder of the overrides that the run now has. Returns the texts as `run_texts`.
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
