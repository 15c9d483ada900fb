"""netspec and others side by side: each in processes of its own, interleaved, disturbed rounds done again.

A round measures the peak, a block of netspec's steps, a block of each variant's of each peer, and the peak again. A
round in which the peak fell, or in which a side kept losing its processors, says nothing and is repeated.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

from netspec.bench.onnx_net import with_onnx_file
from netspec.bench.peers import Peer, Process
from netspec.bench.sides import Block, Job, Variant, resident_bytes, started
from netspec.diagnostics.failure import DeviceError

DISTURBED_PEAK = 0.8
"""A round whose peak, of one thread or of all together, lies below this fraction of the best one seen is done again,"""
DISTURBED_SWITCHES = 100.0
"""and one where a variant lost a processor more often a second, a thread, than this."""


@dataclass(frozen=True, slots=True)
class Timing:
    """The blocks of one side over all kept rounds. `rss_bytes` is the most memory resident during a step."""

    name: str
    blocks: tuple[Block, ...]
    rss_bytes: int | None = None

    @property
    def seconds(self) -> tuple[float, ...]:
        """Seconds a step, a round each."""
        return tuple(block.seconds for block in self.blocks)

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def switches_a_second(self) -> float:
        """How often the side lost a processor, in the median round."""
        return statistics.median(block.switches_a_second for block in self.blocks)


@dataclass(frozen=True, slots=True)
class Beside:
    """A peer, and the timings of all its variants that ran."""

    peer: Peer
    variants: tuple[Timing, ...]

    @property
    def best(self) -> Timing:
        """The fastest variant."""
        return min(self.variants, key=lambda timing: timing.median)


@dataclass(frozen=True, slots=True)
class Comparison:
    """`beside` is empty where netspec was measured alone. `remarks` name variants that did not run."""

    job: Job
    netspec: Timing
    beside: tuple[Beside, ...]
    fma_peak_gflops: float
    fma_peak_threads_gflops: float
    rounds: int
    discarded: int
    remarks: tuple[str, ...] = ()
    least_flops: int = 0
    """of the products that a step of netspec's does at least"""

    @property
    def products_of_peak(self) -> float:
        """The fraction of what all threads reach together at which netspec's median step does those products."""
        return self.least_flops / self.netspec.median / (1e9 * self.fma_peak_threads_gflops)

    def ratio(self, beside: Beside) -> float:
        """The median step of a peer's best variant over netspec's."""
        return beside.best.median / self.netspec.median


@dataclass(frozen=True, slots=True)
class Rounds:
    """Blocks by variant and then by round, the best peaks seen of one thread and of all together, and how many rounds
    were done again."""

    blocks: tuple[tuple[Block, ...], ...]
    peak_gflops: float
    threads_peak_gflops: float
    discarded: int


@dataclass(frozen=True, slots=True)
class Measured:
    """What was found while the sides ran. The rounds' blocks are those of `ours`, then of each peer's variants in
    turn."""

    ours: Variant
    beside: tuple[tuple[Peer, tuple[Variant, ...]], ...]
    rounds: Rounds
    least_flops: int
    remarks: tuple[str, ...]


Progress = Callable[[int], None]


def compare(job: Job, peers: Sequence[Peer], rounds: int, progress: Progress, *, compiled: bool = False) -> Comparison:
    """Times the steps of netspec and of each peer, or their predictions; without peers those of netspec alone.
    `progress` is called with the number of rounds kept so far; with `compiled` what a peer compiles by itself is tried
    too, which takes minutes.

    Raises DeviceError (E622) where a side ends early, DataError (E624) where the net is too large for an ONNX file.
    """
    with with_onnx_file(job, peers) as given:
        found = _measured(given, peers, rounds, progress, compiled=compiled)
        blocks = iter(found.rounds.blocks)
        ours = Timing(found.ours.name, next(blocks), resident_bytes(found.ours, given))
        beside = tuple(_beside(peer, variants, blocks, given) for peer, variants in found.beside)
    kept = found.rounds
    peaks = kept.peak_gflops, kept.threads_peak_gflops
    counts = len(ours.blocks), kept.discarded
    return Comparison(job, ours, beside, *peaks, *counts, found.remarks, found.least_flops)


def _measured(job: Job, peers: Sequence[Peer], rounds: int, progress: Progress, *, compiled: bool) -> Measured:
    with ExitStack() as stack:
        ours = Variant("netspec", stack.enter_context(started(job.side("netspec"), job, {})), {}, {}).calibrated()
        remarks: list[str] = []
        beside = tuple((peer, _variants(stack, job, peer, remarks, compiled=compiled)) for peer in peers)
        variants = [ours, *(variant for _, made in beside for variant in made)]
        found = _interleave(variants, job.threads, rounds, progress)
        work = ours.side.ask(work=True)
    return Measured(ours, beside, found, work["least_flops"], tuple(remarks))


def _variants(stack: ExitStack, job: Job, peer: Peer, remarks: list[str], *, compiled: bool) -> tuple[Variant, ...]:
    """A peer's variants, ready; an attempt that fails or takes too long is left out, with a remark."""
    made: list[Variant] = []
    for process in (*peer.processes, *(peer.compiled if compiled else ())):
        try:
            made += _of_process(stack, job, peer, process)
        except DeviceError as failure:
            if not process.attempt:
                raise
            remarks.append(f"{process.attempt}: left out, {failure.message}")
    return tuple(made)


def _of_process(stack: ExitStack, job: Job, peer: Peer, process: Process) -> list[Variant]:
    side = stack.enter_context(started(job.side(peer.name), job, process.environment, process.longest_seconds))
    settings = process.settings
    return [Variant(each.name, side, each.options, process.environment).calibrated() for each in settings]


def _beside(peer: Peer, variants: Sequence[Variant], blocks: Iterator[tuple[Block, ...]], job: Job) -> Beside:
    """Takes the blocks of a peer's variants. The fastest one's memory is measured by itself."""
    timings = [Timing(variant.name, next(blocks)) for variant in variants]
    best = min(range(len(timings)), key=lambda k: timings[k].median)
    timings[best] = replace(timings[best], rss_bytes=resident_bytes(variants[best], job))
    return Beside(peer, tuple(timings))


def _interleave(variants: Sequence[Variant], threads: int, rounds: int, progress: Progress) -> Rounds:
    ours, kept = variants[0], list[list[Block]]()
    peaks, discarded = list[dict[str, float]](), 0
    while len(kept) < rounds:
        before = ours.side.ask(peak=True)
        blocks = [variant.measure() for variant in variants]
        after = ours.side.ask(peak=True)
        peaks += before, after
        patience = 3 * rounds if _fell(peaks) else rounds if _disturbed(blocks, threads) else 0
        if discarded < patience:
            discarded += 1
            continue
        kept.append(blocks)
        progress(len(kept))
    blocks_by_variant = tuple(zip(*kept, strict=True))
    return Rounds(blocks_by_variant, _best(peaks, "gflops"), _best(peaks, "threads_gflops"), discarded)


def _fell(peaks: Sequence[Mapping[str, float]]) -> bool:
    """Whether the last two of the peaks, those of one thread or of all together, lie below what was seen before."""
    keys = ("gflops", "threads_gflops")
    return any(min(peak[key] for peak in peaks[-2:]) < DISTURBED_PEAK * _best(peaks, key) for key in keys)


def _best(peaks: Sequence[Mapping[str, float]], key: str) -> float:
    return max(peak[key] for peak in peaks)


def _disturbed(blocks: Sequence[Block], threads: int) -> bool:
    """Whether a side kept losing its processors to others."""
    return any(block.switches_a_second > DISTURBED_SWITCHES * threads for block in blocks)
