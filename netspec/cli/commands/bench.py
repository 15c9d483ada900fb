"""`netspec bench`: seconds of a training step or a prediction, beside others if asked, and of the front end."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict, replace

import click

from netspec.bench.augmenting import PROMISED_SHARE, every_transform, measure_augmenting
from netspec.bench.compare import compare
from netspec.bench.depth import LAYERS, PROMISED_TIMES, DepthTiming, measure_depth
from netspec.bench.front_end import PROMISED_SECONDS, FrontEndTiming
from netspec.bench.front_end import measure as measure_front_end
from netspec.bench.layers import measure_layers
from netspec.bench.losses import compare_losses
from netspec.bench.peers import PEERS
from netspec.bench.sides import Job
from netspec.cli.combinations import USUAL, refuse_what_is_ignored
from netspec.cli.data_options import size_bytes
from netspec.cli.device_options import planning_options
from netspec.cli.experiment import load_experiment
from netspec.cli.options import find_spec, json_option, override_options
from netspec.cli.peers import chosen_peers
from netspec.cli.show.comparison import comparison_document, show_comparison
from netspec.cli.show.losses import losses_document, show_losses
from netspec.cli.show.printing import say
from netspec.cli.show.provenance import say_measured
from netspec.cli.show.roofline import roofline_document, show_roofline
from netspec.cli.show.schedule_costs import costs_document, schedule_costs, show_costs
from netspec.cli.show.streaming import stream
from netspec.cli.show.suite import suite as judge_gpu
from netspec.cli.show.tables import Column, show, table
from netspec.compiler import COUNTED_BATCH
from netspec.diagnostics.failure import UsageError
from netspec.frontend import read_source
from netspec.ir.graph import Graph
from netspec.ir.recipe import Experiment
from netspec.runtime.cpu.device import CpuDevice, host_device
from netspec.runtime.device import DeviceChoice

AUGMENT_COLUMNS: tuple[Column, ...] = (("images", "left"), ("step ms", "right"), ("of it incoming ms", "right"))
TEXT_COLUMNS: tuple[Column, ...] = (("text", "left"), ("bytes", "right"), ("diagnostics", "right"), ("ms", "right"))
DEPTH_COLUMNS: tuple[Column, ...] = (
    ("net", "left"),
    ("stage", "left"),
    *((f"{number:,} layers, s", "right") for number in LAYERS),
    ("times", "right"),
)
NET = ("spec", "batch", "with_values", "settings")
PLANNED = (*NET, "device", "exact", "costs")
ROUNDS = (*PLANNED, "predict", "threads", "rounds")
TAKES: Mapping[str, tuple[str, ...]] = {
    "front_end": (),
    "suite": ("device",),
    "streaming": ("data_size", "threads"),
    "schedules": ("spec", "with_values", "settings", "device", "exact", "costs", "threads", "rounds"),
    "layers": PLANNED,
    "augment": (*NET, "rounds"),
    "losses": (*PLANNED, "threads", "against"),
    "against": (*ROUNDS, "compiled"),
    USUAL: ROUNDS,
}
"""What can be measured, and what each of it takes."""


@click.command("bench")
@click.argument("spec", metavar="[SPEC]", required=False)
@click.option(
    "--against",
    type=click.Choice(list(PEERS)),
    multiple=True,
    help="Measure the same network there beside it: in PyTorch, or predictions in ONNX Runtime or OpenVINO too. "
    "May be repeated.",
)
@click.option("--compile", "compiled", is_flag=True, help="Try PyTorch with torch.compile too; it takes minutes.")
@click.option("--predict", is_flag=True, help="Time predictions instead, of one image unless `--batch` says more.")
@click.option("--layers", is_flag=True, help="Time each layer by itself on one thread, beside what a core could do.")
@click.option("--augment", is_flag=True, help="Time what all ten transforms add to a step, on one thread.")
@click.option("--losses", type=click.IntRange(1, 100_000), help="Compare the losses of so many steps with PyTorch's.")
@click.option("--front-end", is_flag=True, help="Time the checking of the longest texts, and of the deepest nets.")
@click.option("--streaming", is_flag=True, help="Train on data larger than memory, which are made; it takes minutes.")
@click.option("--suite", is_flag=True, help="Judge this machine's GPU, with `--device cuda`; 8 minutes.")
@click.option("--schedules", is_flag=True, help="Time whole trainings whose rate moves at every step.")
@click.option(
    "--data-size", metavar="SIZE", default="20G", show_default=True, callback=size_bytes, help="Of those data."
)
@click.option("--threads", type=click.IntRange(1, 1024), default=1, show_default=True, help="Threads to measure with.")
@click.option("--batch", type=click.IntRange(1, 1 << 20), help="Images a step (default: the spec's).")
@click.option("--rounds", type=click.IntRange(1, 1000), default=7, show_default=True, help="Interleaved rounds.")
@planning_options
@override_options
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    spec: str | None,
    against: tuple[str, ...],
    compiled: bool,
    predict: bool,
    layers: bool,
    augment: bool,
    losses: int | None,
    front_end: bool,
    streaming: bool,
    suite: bool,
    schedules: bool,
    data_size: int,
    batch: int | None,
    rounds: int,
    choice: DeviceChoice,
    with_values: dict[str, str],
    settings: tuple[str, ...],
    as_json: bool,
) -> int:
    """Measure a training step of SPEC on made-up images: medians of interleaved rounds.

    With `--against torch` PyTorch (extra `bench`) runs the same network, batch and precision on as many threads, in
    both of its memory formats, with its allocator as it is and with raised thresholds, and with `--compile` by
    torch.compile; its best variant counts. With `--predict` all sides are asked for the probabilities of images, and
    `--against onnxruntime` and `--against openvino` (extra `bench` too) run the net that netspec writes as ONNX. With
    `--augment` steps with every transform of the language run beside steps without, on one thread; what counts is the
    time of the processor, so other work disturbs it little. With `--schedules` the net of SPEC is trained on its data
    for its epochs under constant, cosine and onecycle in turn. With `--losses 200` both train by the spec's recipe
    instead, and the exit status is 1 where the losses differ by more than the order of float32 sums explains. With
    `--device cuda --suite` this machine's GPU is judged in at most eight minutes: every operation beside its
    definition, equal bits of equal steps, a training of lenet on MNIST, and steps beside PyTorch where it is installed;
    the exit status is 1 where one of them fails.
    """
    refuse_what_is_ignored(ctx, TAKES)
    if front_end:
        return _front_end(as_json)
    if suite or choice.kind == "cuda":
        return _on_gpu(choice, suite, as_json)
    if streaming:
        return stream(data_size, choice.threads or 1, as_json=as_json)
    if spec is None:
        raise UsageError("E620", "`netspec bench` needs a SPEC, `--front-end` or `--streaming`")
    if schedules:
        experiment = load_experiment(spec, with_values=with_values, settings=settings)
        return _schedules(experiment, host_device(choice), rounds, as_json)
    if layers:
        experiment = load_experiment(spec, with_values=with_values, settings=settings)
        return _layers(experiment, batch, host_device(choice), as_json)
    if augment:
        return _augmenting(spec, batch, rounds, with_values, settings, as_json)
    job = _job(spec, batch or (1 if predict else None), choice, with_values, settings)
    job = replace(job, predict=predict)
    peers = chosen_peers(against, predict=predict, compiled=compiled, losses=bool(losses))
    if losses:
        graph = load_experiment(spec, with_values=with_values, settings=settings).graph
        return _losses(job, graph, losses, as_json)
    measured = compare(job, peers, rounds, _progress, compiled=compiled)
    _clear_progress()
    say_measured(comparison_document(measured)) if as_json else show_comparison(measured)
    return 0


def _on_gpu(choice: DeviceChoice, suite: bool, as_json: bool) -> int:
    """The suite, which alone runs on a GPU."""
    if choice.kind != "cuda":
        raise UsageError("E610", "`--suite` needs `--device cuda`")
    if not suite:
        helps = ("--device cpu", "`netspec bench --device cuda --suite` judges the GPU")
        raise UsageError("E610", "`netspec bench` measures the CPU, and the device is cuda", helps=helps)
    return judge_gpu(as_json=as_json)


def _layers(experiment: Experiment, batch: int | None, device: CpuDevice, as_json: bool) -> int:
    images = batch or experiment.train.batch or COUNTED_BATCH
    roofline = measure_layers(experiment, images, device.target, device.cache_dir)
    say_measured(roofline_document(roofline, experiment)) if as_json else show_roofline(roofline, experiment)
    return 0


def _schedules(experiment: Experiment, device: CpuDevice, rounds: int, as_json: bool) -> int:
    costs = schedule_costs(experiment, device, rounds, _progress)
    _clear_progress()
    say_measured(costs_document(experiment, device, rounds, costs)) if as_json else show_costs(
        experiment, device, rounds, costs
    )
    return 0


def _augmenting(
    spec: str, batch: int | None, rounds: int, with_values: dict[str, str], settings: tuple[str, ...], as_json: bool
) -> int:
    plain = load_experiment(spec, with_values=with_values, settings=settings)
    every = (*every_transform(plain.graph.inputs[0].shape), *settings)
    experiment = load_experiment(spec, with_values=with_values, settings=every)
    images = batch or experiment.train.batch or COUNTED_BATCH
    cost = measure_augmenting(experiment, images, rounds, host_device().cache_dir, _progress)
    _clear_progress()
    if as_json:
        promise = {"promised_share": PROMISED_SHARE, "of_promise": cost.of_promise}
        say_measured({"spec": plain.graph.name, **asdict(cost), **promise})
        return 0
    rows = (
        ("as they are", cost.plain_seconds, cost.plain_incoming_seconds),
        ("augmented", cost.augmented_seconds, cost.incoming_seconds),
    )
    show(table(AUGMENT_COLUMNS, [(name, *(f"{1e3 * seconds:.3f}" for seconds in times)) for name, *times in rows]))
    say(f"one training step of {plain.graph.name}: {images} images, one thread, time of the processor")
    say(f"augmentation adds {cost.share:.1%} to a step (median of {rounds} rounds)")
    say(f"the promise for convnetjs_cifar10 is below {PROMISED_SHARE:.0%}")
    return 0


def _losses(job: Job, graph: Graph, steps: int, as_json: bool) -> int:
    measured = compare_losses(job, graph, steps, _losses_progress)
    _clear_progress()
    say_measured(losses_document(measured)) if as_json else show_losses(measured)
    return 0 if measured.agree else 1


def _job(
    spec: str,
    batch: int | None,
    choice: DeviceChoice,
    with_values: dict[str, str],
    settings: tuple[str, ...],
) -> Job:
    experiment = load_experiment(spec, with_values=with_values, settings=settings)
    source, cache = read_source(find_spec(spec)), host_device().cache_dir
    return Job(
        experiment.graph.name,
        source.name,
        source.text,
        tuple(with_values.items()),
        settings,
        batch or experiment.train.batch or COUNTED_BATCH,
        choice.threads or 1,
        str(cache) if cache else None,
        choice,
    )


def _progress(rounds: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{rounds} rounds")
        sys.stderr.flush()


def _losses_progress(run: str, steps: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{run}: {steps} steps")
        sys.stderr.flush()


def _clear_progress() -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")


def _front_end(as_json: bool) -> int:
    timings: list[FrontEndTiming] = list(measure_front_end())
    depths: list[DepthTiming] = list(measure_depth(host_device().target))
    most = max(depth.times for depth in depths)
    if as_json:
        rows = [{"text": t.name, "bytes": t.bytes, "diagnostics": t.diagnostics, "seconds": t.seconds} for t in timings]
        longest = max(t.seconds for t in timings)
        deep = [{"net": d.net, "stage": d.stage, "seconds": list(d.seconds), "times": d.times} for d in depths]
        say_measured({"texts": rows, "longest_seconds": longest, "layers": list(LAYERS), "depths": deep})
        return 0
    cells = [(t.name, f"{t.bytes:,}", f"{t.diagnostics:,}", f"{1e3 * t.seconds:.0f}") for t in timings]
    show(table(TEXT_COLUMNS, cells))
    say(f"the promise is {PROMISED_SECONDS:.0f} s a text; the longest took {max(t.seconds for t in timings):.2f} s")
    say()
    show(table(DEPTH_COLUMNS, [(d.net, d.stage, *(f"{s:.2f}" for s in d.seconds), f"{d.times:.1f}") for d in depths]))
    say("time of the processor; `compile` is the plan of a training step, which `count` makes for its memory too")
    say(f"the promise is at most {PROMISED_TIMES:.0f} times as long for eight times the layers; most took {most:.1f}")
    return 0
