"""netspec and PyTorch side by side: each in a process of its own, interleaved, disturbed rounds done again.

A round measures the peak, a block of netspec's steps, a block of each PyTorch variant's, and the peak again. A round
in which the peak fell, or in which a side kept losing its processors, says nothing and is repeated.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from netspec.bench.sides import Block, Job, Variant, resident_bytes, started
from netspec.diagnostics.failure import DeviceError

DISTURBED_PEAK = 0.8
"""A round whose peak, of one thread or of all together, lies below this fraction of the best one seen is done again,"""
DISTURBED_SWITCHES = 100.0
"""and one where a variant lost a processor more often a second, a thread, than this."""
RAISED_ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": "1073741824", "MALLOC_TRIM_THRESHOLD_": "1073741824"}
ALLOCATORS: dict[str, dict[str, str]] = {"default allocator": {}, "raised allocator": RAISED_ALLOCATOR}
FORMATS = ("contiguous", "channels_last")
COMPILING_SECONDS = 240.0
"""torch.compile gets no longer than this for a network."""


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
class Comparison:
    """`torch` is empty where netspec was measured alone. `remarks` name variants that did not run."""

    job: Job
    netspec: Timing
    torch: tuple[Timing, ...]
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

    @property
    def best(self) -> Timing | None:
        """PyTorch's fastest variant."""
        return min(self.torch, key=lambda timing: timing.median, default=None)

    @property
    def ratio(self) -> float | None:
        """The median step of PyTorch's best variant over netspec's."""
        return self.best.median / self.netspec.median if self.best else None


@dataclass(frozen=True, slots=True)
class Rounds:
    """Blocks by variant and then by round, the best peaks seen of one thread and of all together, and how many rounds
    were done again."""

    blocks: tuple[tuple[Block, ...], ...]
    peak_gflops: float
    threads_peak_gflops: float
    discarded: int


Progress = Callable[[int], None]


def compare(job: Job, rounds: int, progress: Progress, *, compiled: bool = False) -> Comparison:
    """Times the steps of both sides, or their predictions. `progress` is called with the number of rounds kept so
    far; with `compiled` PyTorch is also tried with torch.compile, which takes minutes.

    Raises DeviceError (E622) where a side ends early, as it does without PyTorch.
    """
    with ExitStack() as stack:
        ours = _ours(stack, job)
        torch = [variant for name in ALLOCATORS for variant in _eager(stack, job, name)]
        remarks: list[str] = []
        if compiled:
            torch += _compiled(stack, job, remarks)
        found = _interleave([ours, *torch], job.threads, rounds, progress)
        work = ours.side.ask(work=True)
    timings = [Timing(v.name, blocks) for v, blocks in zip((ours, *torch), found.blocks, strict=True)]
    best = min(range(len(torch)), key=lambda k: timings[1 + k].median)
    timings[0] = Timing(ours.name, found.blocks[0], resident_bytes(ours, job))
    timings[1 + best] = Timing(torch[best].name, found.blocks[1 + best], resident_bytes(torch[best], job))
    return _comparison(job, timings, found, work["least_flops"], tuple(remarks))


def measure_alone(job: Job, rounds: int, progress: Progress) -> Comparison:
    """Times the steps of netspec by itself, as `compare` does."""
    with ExitStack() as stack:
        ours = _ours(stack, job)
        found = _interleave([ours], job.threads, rounds, progress)
        work = ours.side.ask(work=True)
    timing = Timing(ours.name, found.blocks[0], resident_bytes(ours, job))
    return _comparison(job, [timing], found, work["least_flops"])


def _comparison(
    job: Job, timings: Sequence[Timing], found: Rounds, least_flops: int, remarks: tuple[str, ...] = ()
) -> Comparison:
    ours, *torch = timings
    peaks = found.peak_gflops, found.threads_peak_gflops
    return Comparison(job, ours, tuple(torch), *peaks, len(found.blocks[0]), found.discarded, remarks, least_flops)


def _ours(stack: ExitStack, job: Job) -> Variant:
    return Variant("netspec", stack.enter_context(started(job.side("netspec"), job, {})), {}, {}).calibrated()


def _eager(stack: ExitStack, job: Job, allocator: str) -> list[Variant]:
    """PyTorch as it is, in both memory formats, with one allocator setting."""
    environment = ALLOCATORS[allocator]
    side = stack.enter_context(started(job.side("torch"), job, environment))
    return [Variant(f"{form}, {allocator}", side, {"format": form}, environment).calibrated() for form in FORMATS]


def _compiled(stack: ExitStack, job: Job, remarks: list[str]) -> list[Variant]:
    """PyTorch with torch.compile; what fails or takes too long is left out, with a remark."""
    made: list[Variant] = []
    for form in FORMATS:
        options: dict[str, object] = {"format": form, "compile": True}
        try:
            side = stack.enter_context(started(job.side("torch"), job, RAISED_ALLOCATOR, COMPILING_SECONDS))
            made.append(Variant(f"{form}, compiled", side, options, RAISED_ALLOCATOR).calibrated())
        except DeviceError as failure:
            remarks.append(f"torch.compile, {form}: left out, {failure.message}")
    return made


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
