"""Both layouts give the same probabilities for every bundled spec, and the cheaper one is chosen."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from netspec.compiler import prediction
from netspec.ir.initialize import initialize
from netspec.passes.fold_weights import folded_weights
from netspec.predict.engines import Engine, make_engine
from netspec.predict.intake import Intake
from netspec.resources import bundled_specs
from netspec.runtime.cpu.device import CpuDevice
from netspec.runtime.cpu.host import host_target
from netspec.runtime.cpu.machine import CpuMachine
from netspec.schedule.cpu.channels import lower_channels
from netspec.schedule.cpu.layout import choose_layout
from netspec.schedule.cpu.lower import lower
from netspec.targets.cpu.processor import AVX2, AVX512, CpuTarget
from netspec.targets.cpu.program import Layout
from tests.kernels.harness import CACHE_DIR
from tests.schedule.nets import bundled, experiment

FAST = ("digits", "lecture")


def answers(name: str, layout: Layout, images: int) -> Any:
    net = bundled(name)
    folded = prediction(net)
    weights = folded_weights(folded, initialize(net.graph, 1))
    channels, height, width = (*net.graph.inputs[0].shape, 1, 1)[:3]
    intake = Intake((channels, height, width), (0.0,) * channels, (1.0,) * channels)
    plan = lower if layout == "images" else lower_channels
    machine = CpuMachine(plan(folded.graph, host_target(), images), 2, cache_dir=CACHE_DIR)
    machine.load(weights)
    engine = Engine(machine, intake)
    drawn = np.random.default_rng(3).standard_normal((images, channels, height, width)).astype(np.float32)
    return engine.answer(drawn)


def agree(name: str, images: int) -> None:
    """Probabilities agree, and behind them the logits, to within float32 sums of many products."""
    wanted, found = answers(name, "images", images), answers(name, "channels", images)
    assert np.isfinite(wanted).all()
    classes = bundled(name).graph.outputs[0].elements
    np.testing.assert_allclose(found[:, :classes], wanted[:, :classes], rtol=2e-3, atol=1e-6)
    logits = wanted[:, classes:]
    np.testing.assert_allclose(found[:, classes:], logits, rtol=2e-3, atol=1e-4 * np.abs(logits).max(initial=0))


@pytest.mark.parametrize("name", FAST)
def test_small_specs_predict_alike_in_both_layouts(name: str) -> None:
    agree(name, 3)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(bundled_specs()) - set(FAST)))
def test_every_spec_predicts_alike_in_both_layouts(name: str) -> None:
    agree(name, 1)


@pytest.mark.parametrize("target", [AVX512, CpuTarget("wide", lanes=64, registers=32)])
def test_few_images_leave_lanes_to_channels(target: CpuTarget) -> None:
    graph = prediction(bundled("lenet")).graph
    assert choose_layout(graph, target, 1) == "channels"
    assert choose_layout(graph, target, target.lanes) == "images"


def test_a_net_of_few_channels_keeps_images_in_its_lanes_sooner() -> None:
    thin = prediction(experiment("net t { input 1x64x64; conv 1 3; conv 1 3; pool max global; dense 2 }")).graph
    wide = prediction(experiment("net t { input 16x64x64; conv 16 3; conv 16 3; pool max global; dense 2 }")).graph
    layouts = [[choose_layout(graph, AVX512, batch) for batch in range(1, 17)] for graph in (thin, wide)]
    assert layouts[0].count("channels") < layouts[1].count("channels")
    for found in layouts:
        assert found == sorted(found)


@pytest.mark.parametrize("target", [AVX512, AVX2], ids=lambda target: target.name)
def test_maps_that_leave_the_cache_leave_lanes_to_channels_for_any_batch(target: CpuTarget) -> None:
    """A net of depthwise layers does little with each number; one of wide windows does much."""
    little = prediction(bundled("mobilenet_v2")).graph
    much = prediction(bundled("vgg16_cifar")).graph
    for batch in (target.lanes, 4 * target.lanes):
        assert choose_layout(little, target, batch) == "channels"
        assert choose_layout(much, target, batch) == "images"


FLAT = "net t { input 3x40x40; conv 32 1 relu6; depthwise 3 pad=1 stride=2 relu6; conv 16 1; pool avg global; dense 3 }"


def test_threads_work_on_an_image_each_and_change_no_bit() -> None:
    net = experiment(FLAT)
    folded = prediction(net)
    target = replace(AVX512, l2_bytes=64 * 1024)
    weights, intake = folded_weights(folded, initialize(net.graph, 1)), Intake((3, 40, 40), (0.0,) * 3, (1.0,) * 3)
    images = np.random.default_rng(5).standard_normal((21, 3, 40, 40)).astype(np.float32)
    engines = [
        make_engine(folded.graph, weights, intake, CpuDevice(target, threads, CACHE_DIR), batch)
        for threads, batch in ((1, 1), (1, 16), (2, 16), (3, 16), (3, 2))
    ]
    assert [engine.machine.program.batch for engine in engines] == [1, 1, 2, 3, 2]
    alone, *others = [engine.answer(images) for engine in engines]
    for found in others:
        np.testing.assert_array_equal(found, alone)


def test_the_engine_follows_the_layout() -> None:
    net = experiment("net t { input 2x6x6; conv 4 3x3; dense 3 }")
    folded = prediction(net)
    intake = Intake((2, 6, 6), (0.0,) * 2, (1.0,) * 2)
    weights = folded_weights(folded, initialize(net.graph, 1))
    for batch in (1, 64):
        device = CpuDevice(AVX512, 1, CACHE_DIR)
        engine = make_engine(folded.graph, weights, intake, device, batch)
        assert isinstance(engine.machine, CpuMachine)
        assert engine.machine.program.layout == choose_layout(folded.graph, AVX512, batch)


@pytest.mark.parametrize(
    ("mean", "deviation"), [((0.0, 0.0), (1.0, 1.0)), ((0.5, -0.25), (0.3, 2.0))], ids=["as it is", "normalised"]
)
@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_the_quick_way_gives_the_bits_of_a_feed(mean: Any, deviation: Any, kind: Any) -> None:
    net = experiment("net t { input 2x12x12; conv 32 3x3 relu; conv 32 3x3; dense 3 }")
    folded = prediction(net)
    weights = folded_weights(folded, initialize(net.graph, 1))
    device = CpuDevice(AVX512, 2, CACHE_DIR)
    engine = make_engine(folded.graph, weights, Intake((2, 12, 12), mean, deviation), device, 2)
    assert engine.quick is not None
    for count in (2, 1, 2):
        images = np.random.default_rng(count).integers(0, 256, (count, 2, 12, 12)).astype(kind)
        expected = engine.machine.outputs(engine.intake.feed(images)).arrays
        for _ in range(2):
            np.testing.assert_array_equal(engine.quick(images), expected)
    first = engine.quick(images)
    engine.quick(images + 1)
    np.testing.assert_array_equal(first, expected)


def test_images_that_are_padded_or_share_lanes_take_the_usual_way() -> None:
    net = experiment("net t { input 2x6x6; conv 4 3x3; dense 3 }")
    folded = prediction(net)
    weights = folded_weights(folded, initialize(net.graph, 1))
    device = CpuDevice(AVX512, 1, CACHE_DIR)
    for pad, batch in ((2, 1), (None, 64)):
        intake = Intake((2, 4, 4), (0.0,) * 2, (1.0,) * 2, pad) if pad else Intake((2, 6, 6), (0.0,) * 2, (1.0,) * 2)
        assert make_engine(folded.graph, weights, intake, device, batch).quick is None
