"""Forward passes with lanes = channels say what the oracle says, whatever the net, the target and the threads."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netspec.diagnostics.text import Source
from netspec.frontend import check_experiment
from netspec.ir.evaluate import evaluate
from netspec.ir.recipe import Experiment
from netspec.kernels.cpu.channels.copies import pad
from netspec.kernels.cpu.channels.rows import CHANNEL_KERNELS
from netspec.passes.fold import Folded, fold_batch_norms
from netspec.passes.fold_weights import folded_weights
from netspec.passes.inference import inference
from netspec.passes.optimize import optimize
from netspec.runtime.cpu.machine import CpuMachine
from netspec.schedule.cpu import channel_tiles
from netspec.schedule.cpu.channels import lower_channels
from netspec.targets.cpu.costs import Costs
from netspec.targets.cpu.processor import AVX512, NEON, CpuTarget
from tests.kernels.harness import CACHE_DIR
from tests.passes.test_fold import generic
from tests.strategies import valid_specs

TARGETS = st.sampled_from((AVX512, NEON))


def checked(text: str) -> Experiment:
    return check_experiment(Source("drawn", text), with_values={}, settings=())


def forward(net: Experiment) -> Folded:
    """The forward pass of a net, up to its logits."""
    folded = fold_batch_norms(inference(net.graph, None))
    return replace(folded, graph=optimize(folded.graph))


@pytest.fixture(autouse=True)
def few_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two heights and two widths, so that little is compiled and every tile has remainders."""
    monkeypatch.setattr(channel_tiles, "HEIGHTS", (1, 4))
    monkeypatch.setattr(channel_tiles, "WIDTHS", (1, 2))
    monkeypatch.setattr(channel_tiles, "DEPTHWISE_HEIGHTS", (1, 4))


def run(net: Experiment, weights: dict[str, Any], images: Any, target: CpuTarget, batch: int, threads: int) -> Any:
    """The first images' outputs, from an arena that was full of NaN."""
    folded = forward(net)
    arrays = folded_weights(folded, weights)
    program = lower_channels(folded.graph, target, batch)
    machine = CpuMachine(program, threads, cache_dir=CACHE_DIR)
    machine.arena[:] = np.nan
    machine.load(arrays)
    machine.write("input", images)
    machine.step(len(images))
    return machine.read(program.outputs[0].name)[: len(images)]


def agree(text: str, target: CpuTarget, images: int = 1, batch: int = 1, threads: int = 1, seed: int = 1) -> None:
    net = checked(text)
    weights = generic(net.graph, seed)
    given_ = np.random.default_rng(seed).standard_normal((images, *net.graph.inputs[0].shape)).astype(np.float32)
    found = run(net, weights, given_, target, batch, threads)
    folded = forward(net)
    arrays = {name: array.astype(np.float64) for name, array in folded_weights(folded, weights).items()}
    wanted = evaluate(folded.graph, {"input": given_, **arrays})[folded.graph.outputs[0].name]
    np.testing.assert_allclose(found, wanted, rtol=0, atol=3e-5 * max(1.0, np.abs(wanted).max()))


@settings(max_examples=60)
@given(valid_specs(), TARGETS, st.integers(1, 3), st.integers(0, 2), st.integers(1, 3))
def test_any_net_is_what_the_oracle_says(text: str, target: CpuTarget, images: int, spare: int, threads: int) -> None:
    agree(text, target, images, images + spare, threads)


BODIES = {
    "stride, dilation and uneven padding": (
        "conv 20 3x4 stride=2 pad=1 relu; conv 33 3 dilate=2 pad=same tanh; conv 5 4 pad=same"
    ),
    "groups": "conv 24 3 pad=1; conv 48 3 groups=2 pad=1 relu; conv 24 3 groups=12; conv 36 1 groups=3",
    "depthwise": "conv 19 1; depthwise 3 pad=1 relu; depthwise 5 stride=2 pad=2 gelu; depthwise 2",
    "transposed": "conv 18 1; deconv 21 3 stride=2 pad=1 relu; deconv 3 2; deconv 4 3 pad=2",
    "local": "conv 17 1; local 20 3 stride=2 relu; local 3 2",
    "margins of several readers": (
        "conv 20 1; concat { depthwise 3 pad=1 tanh } { conv 5 5 pad=2 } { conv 3 1 } { conv 18 3 pad=1 groups=2 }"
    ),
    "margins and strides": (
        "conv 17 1; sum { depthwise 3 stride=2 pad=1 relu6 } { conv 17 4 stride=2 pad=2 }; depthwise 3 stride=3 pad=2"
    ),
    "wide strides": "conv 20 1; conv 18 1 stride=4; conv 3 3 stride=7 pad=1",
    "pools": "conv 20 1; pool max 3 stride=2 pad=1; pool avg 2 stride=1 count_pad pad=1; pool max 2; pool avg global",
    "channels together": "conv 21 1; lrn size=5; maxout 3; concat { conv 17 1 } { conv 20 1 } {}; softmax",
    "what stands alone": "batchnorm; relu; sum { conv 2 1 } {} tanh; upsample 2; conv 40 3; flatten; batchnorm; lrn",
    "many channels": "conv 70 3 pad=1 relu; conv 70 3 pad=1 relu; conv 9 1",
}


@pytest.mark.parametrize("body", BODIES, ids=str)
@pytest.mark.parametrize("target", [AVX512, NEON], ids=lambda target: target.name)
def test_every_operation_is_what_the_oracle_says(body: str, target: CpuTarget) -> None:
    agree(f"net n {{ input 2x9x11; {BODIES[body]}; dense 3 }}\n", target, images=2, batch=3, threads=2)


WINOGRAD = "conv 20 1; conv 33 3 pad=1 relu; conv 5 3 gelu; conv 18 5 pad=2 nobias; conv 2 5 relu"


def test_inputs_are_summed_in_parts_where_weights_would_leave_the_cache() -> None:
    small = CpuTarget("small caches", lanes=16, registers=32, l1_bytes=4096, l2_bytes=16 * 1024)
    agree("net n { input 3x40x9; conv 50 1; conv 40 3 pad=1 relu; conv 2 1; dense 2 }\n", small, threads=2)


@pytest.mark.parametrize("target", [AVX512, NEON], ids=lambda target: target.name)
def test_winograds_algorithm_is_what_the_oracle_says(target: CpuTarget) -> None:
    target = replace(target, costs=Costs(clearly=1e-9))
    text = f"net n {{ input 2x9x11; {WINOGRAD}; dense 3 }}\n"
    launches = lower_channels(forward(checked(text)).graph, target, 3).launches
    assert [launch.algorithm for launch in launches] == ["direct", *["winograd"] * 4, "direct"]
    agree(text, target, images=2, batch=3, threads=2)


MOBILE = "net n { input 2x9x11; conv 40 1 relu6; depthwise 3 pad=1 stride=2 relu6; conv 20 1; dense 3 }\n"


@pytest.mark.parametrize("target", [AVX512, NEON], ids=lambda target: target.name)
def test_a_sum_writes_the_zeros_that_a_padded_window_behind_it_reads(target: CpuTarget) -> None:
    program = lower_channels(forward(checked(MOBILE)).graph, target, 3)
    widened, filtered, *_ = program.launches
    assert filtered.inputs[0].margins == (1, 1, 1, 1)
    assert widened.outputs == filtered.inputs[:1]
    assert filtered.scratch is None
    rows = [row for launch in program.launches for row in CHANNEL_KERNELS[type(launch.operation)](launch, program)]
    assert not [row for row in rows if row.kernel is pad]


def test_what_a_machine_reads_of_a_map_with_margins_are_its_numbers() -> None:
    net = checked(MOBILE)
    folded, weights = forward(net), generic(net.graph, 1)
    arrays = folded_weights(folded, weights)
    program = lower_channels(folded.graph, AVX512, 2)
    widened = program.launches[0].outputs[0].value.name
    machine = CpuMachine(replace(program, launches=program.launches[:1]), 1, cache_dir=CACHE_DIR)
    machine.load(arrays)
    images = np.random.default_rng(1).standard_normal((2, 2, 9, 11)).astype(np.float32)
    machine.write("input", images)
    machine.step(2)
    wanted = evaluate(folded.graph, {"input": images, **arrays})[widened]
    np.testing.assert_allclose(machine.read(widened), wanted, rtol=0, atol=1e-5)


@pytest.mark.parametrize("threads", [2, 3, 8])
@pytest.mark.parametrize("clearly", [1.05, 1e-9], ids=["direct", "winograd"])
def test_threads_change_no_bit(threads: int, clearly: float) -> None:
    target = replace(AVX512, costs=Costs(clearly=clearly))
    net = checked(f"net n {{ input 2x9x11; {BODIES['many channels']}; dense 30; dense 3 }}\n")
    weights, images = generic(net.graph, 2), np.ones((2, 2, 9, 11), np.float32)
    alone = run(net, weights, images, target, 2, 1)
    np.testing.assert_array_equal(run(net, weights, images, target, 2, threads), alone)
