"""Evidence of a divergence: the state one step before numbers that are not finite, kept in the run's folder to replay
that step."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from netspec.diagnostics.failure import DataError, UsageError
from netspec.train.events import Phase
from netspec.train.run.checkpoint import encode_snapshot, read_checkpoint
from netspec.train.run.document import Run
from netspec.train.run.files import write_whole
from netspec.train.run.folder import EVIDENCE, RECORD
from netspec.train.step.snapshot import Snapshot


def write_evidence(run: Path, before: Snapshot) -> None:
    """Writes the file atomically. Raises DataError (E540)."""
    write_whole(run / EVIDENCE, encode_snapshot(before))


def read_evidence(run: Run) -> tuple[Phase, Snapshot]:
    """The phase in which a run diverged, and the state before. Raises UsageError (E480) where it did not diverge,
    DataError (E544 for the record, E545 for the file) where one is damaged."""
    document = run.result.get("diverged")
    if run.status != "diverged" or not isinstance(document, dict) or not (run.folder / EVIDENCE).exists():
        helps = ("`--replay` takes the step again in which a training diverged", "`--resume` goes on with a run")
        raise UsageError("E480", f"`{run.folder}` did not diverge: there is no step to replay", helps=helps)
    phase = next((phase for phase in get_args(Phase) if phase == document.get("phase")), None)  # pyright: ignore
    if phase is None:
        raise DataError("E544", f"`{run.folder / RECORD}` is broken: it names no phase in which the run diverged")
    return phase, read_checkpoint(run.folder / EVIDENCE)
