"""Latest weights of a run: the final ones, or those of its last checkpoint where it is not finished."""

from __future__ import annotations

from netspec.ir.graph import Graph
from netspec.train.run.checkpoint import check_shapes, checkpoint_paths, newest_whole
from netspec.train.run.document import Run
from netspec.train.run.folder import WEIGHTS
from netspec.train.run.lock import locked
from netspec.train.run.weights import expected_shapes, read_weights
from netspec.train.step.scores import Weights
from netspec.train.step.snapshot import Snapshot

KILLED = "killed"
TOLD = {
    KILLED: "was killed",
    "running": "is being trained right now",
    "interrupted": "was interrupted",
    "failed": "has failed",
    "diverged": "has diverged",
    "finished": f"has lost its `{WEIGHTS}`",
}


def state(run: Run) -> str:
    """The run's status; `killed` where the recorded one is running and no process trains it."""
    return KILLED if run.status == "running" and not locked(run.folder) else run.status


def holds_weights(run: Run) -> bool:
    """Whether a file exists that `run_weights` would read."""
    return (run.folder / WEIGHTS).exists() or bool(checkpoint_paths(run.folder))


def run_weights(run: Run, graph: Graph) -> tuple[Weights, tuple[str, ...]] | None:
    """The latest weights of the run's net, and notices where they are not final; None where there are none yet.

    Raises DataError (E541 to E543) as `weights.read_weights` does, E542 also where the checkpoint is another net's.
    """
    path = run.folder / WEIGHTS
    if run.status == "finished" and path.exists():
        return read_weights(path, graph), ()
    newest, damage = newest_whole(run.folder)
    if newest is not None:
        checkpoint, snapshot = newest
        shapes = expected_shapes(graph)
        kept = {name: array for name, array in (snapshot.best or snapshot.arrays).items() if name in shapes}
        check_shapes(checkpoint, Snapshot(snapshot.position, kept), shapes)
        return kept, (*damage, f"`{run.folder}` {_told(run)}: {_described(snapshot)}")
    if path.exists():
        return read_weights(path, graph), (*damage, f"`{run.folder}` {_told(run)}, and has no checkpoint that is whole")
    return None


def _told(run: Run) -> str:
    return TOLD.get(state(run), f"is {run.status}")


def _described(snapshot: Snapshot) -> str:
    """Text: which weights a checkpoint contains."""
    position = snapshot.position
    within = position.sums.images > 0
    place = f"{'in' if within else 'after'} epoch {position.epochs + within:,} (step {position.step:,})"
    if snapshot.best:
        best_epoch = position.early_stopping.best_epoch
        return f"these are the weights of epoch {best_epoch:,}, the best at its last checkpoint, {place}"
    return f"these are the weights of its last checkpoint, {place}"
