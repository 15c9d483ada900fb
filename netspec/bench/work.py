"""What launches of a program do and move, launch by launch and layer by layer, on any kind of processor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from netspec.bench.products import launch_flops
from netspec.ir.program import Launch
from netspec.targets.ceilings import Ceilings


@dataclass(frozen=True, slots=True)
class Work:
    """One launch, or all launches of a layer. `algorithms` and `kernels` are those that run it, in order, each once.
    `flops` are those of the definition, of which `least_flops` are done at least."""

    name: str
    algorithms: tuple[str, ...]
    kernels: tuple[str, ...]
    flops: int
    least_flops: int
    moved_bytes: int
    forecast_seconds: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """The launches of a program. `gpu` is the name of the GPU whose published ceilings these are; None for those of one
    core of this machine, measured now."""

    works: tuple[Work, ...]
    ceilings: Ceilings
    gpu: str | None = None


def together(name: str, parts: Sequence[Work]) -> Work:
    """Several pieces of work, one after the other."""
    return Work(
        name,
        tuple(dict.fromkeys(algorithm for part in parts for algorithm in part.algorithms)),
        tuple(dict.fromkeys(kernel for part in parts for kernel in part.kernels)),
        sum(part.flops for part in parts),
        sum(part.least_flops for part in parts),
        sum(part.moved_bytes for part in parts),
        sum(part.forecast_seconds for part in parts),
    )


def by_layer(launches: Iterable[Work]) -> tuple[Work, ...]:
    """Launches of the same layer as one, in the order in which layers first run."""
    found: dict[str, list[Work]] = {}
    for launch in launches:
        found.setdefault(launch.name, []).append(launch)
    return tuple(together(name, parts) for name, parts in found.items())


def work_of(
    launch: Launch, batch: int, ceilings: Ceilings, *, algorithm: str, kernels: Sequence[str], least_flops: int
) -> Work:
    """The work of a launch on `batch` images by `kernels`, one call each, of which `least_flops` are done at least."""
    flops, moved_bytes = launch_flops(launch, batch), launch_bytes(launch)
    return Work(
        launch.layer,
        (algorithm,) if flops else (),
        tuple(dict.fromkeys(kernels)),
        flops,
        least_flops,
        moved_bytes,
        ceilings.forecast_seconds(least_flops, moved_bytes, len(kernels)),
    )


def launch_bytes(launch: Launch) -> int:
    """Bytes of all arrays that a launch reads and writes, each once."""
    return sum(buffer.size_bytes for buffer in (*launch.inputs, *launch.outputs))
