"""Programs on a GPU: in pieces, by graphs of a real driver's functions, and in memory that is given back."""

import gc
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from netspec.compiler import evaluation_program, training_program
from netspec.ir.initialize import initialize
from netspec.runtime import compile_workers
from netspec.runtime.cuda import source as source_module
from netspec.runtime.cuda.driver import Bound, Driver
from netspec.runtime.cuda.gpu import GpuDriver
from netspec.runtime.cuda.graphs import STEPS
from netspec.runtime.cuda.machine import CudaMachine
from netspec.runtime.feed import Pass, Source
from netspec.targets.cuda.processor import SM_90
from tests.runtime.cuda.fake_cuda import FakeCuda, opened
from tests.schedule.nets import experiment

pytest.importorskip("numba_cuda", reason="the extra `cuda` is not installed")
native = pytest.importorskip("tests.kernels.cuda.native")

NET = experiment("net t { input 2x5x4; dense 6 relu; dense 3 }\ntrain { sgd rate=0.1 momentum=0.9 }\n")
BATCH, IMAGES = 4, 4 * (STEPS + 3) + 1
IMAGE_BYTES = 2 * 7 * 6
GENERATOR = np.random.default_rng(5)
FEED = Pass(
    Source(
        images=GENERATOR.integers(0, 256, (IMAGES + 9, 2, 7, 6)).astype(np.uint8),
        labels=GENERATOR.integers(0, 3, IMAGES + 9).astype(np.int32),
        mean=np.full(2, 100.0),
        scale=np.full(2, 1 / 80),
    ),
    order=GENERATOR.permutation(IMAGES + 9)[:IMAGES],
    slots=GENERATOR.permutation(IMAGES + 9)[:IMAGES],
    crop="random",
    seed=9,
)
TRAINING = training_program(NET, SM_90, BATCH)
EVALUATION = evaluation_program(NET, SM_90, BATCH)


def rates(steps: int) -> Any:
    return np.linspace(0.1, 0.2, steps)[:, None]


def started(driver: Driver) -> CudaMachine:
    machine = CudaMachine(TRAINING, driver, constant=False)
    machine.load(initialize(NET.graph, 1))
    for value in TRAINING.states:
        machine.write(value.name, np.zeros(value.shape, np.float32))
    return machine


def kept(machine: CudaMachine) -> dict[str, Any]:
    program = machine.program
    return {value.name: machine.read(value.name) for value in (*program.parameters, *program.states)}


def trained(driver: Driver, feed: Pass) -> dict[str, Any]:
    """Weights and reports of two calls on a feed, from its second minibatch to its end."""
    machine, steps = started(driver), -(-IMAGES // BATCH)
    told = [
        machine.run(feed, first=BATCH, step_number=1, rates=rates(steps)[1 : steps - 1]),
        machine.run(feed, first=(steps - 1) * BATCH, step_number=steps - 1, rates=rates(steps)[-1:]),
    ]
    return {**kept(machine), "told": np.concatenate(told)}


def predicted(driver: Driver, feed: Pass) -> dict[str, Any]:
    """Collected outputs of all images of a feed."""
    machine = CudaMachine(EVALUATION, driver, constant=False)
    machine.load(initialize(NET.graph, 1))
    found = machine.outputs(replace(feed, crop="centre"))
    return {"arrays": found.arrays, "metrics": found.metrics}


@pytest.fixture(scope="module")
def wanted() -> dict[str, Any]:
    """Results of images that stay on the device."""
    return trained(native.NativeDriver(), FEED) | predicted(native.NativeDriver(), FEED)


def check(found: dict[str, Any], wanted: dict[str, Any]) -> None:
    for name, array in found.items():
        np.testing.assert_array_equal(array, wanted[name], err_msg=name)


@pytest.mark.parametrize("steps", [0.5, 1, 2.5, 7, 1000])
@pytest.mark.parametrize("why", ["volatile", "too large"])
def test_images_that_come_in_pieces_give_the_same_bits(
    why: str, steps: float, wanted: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_module, "PIECE_BYTES", int(steps * BATCH * IMAGE_BYTES))
    feed, driver = FEED, native.NativeDriver()
    if why == "volatile":
        feed = replace(FEED, source=replace(FEED.source, volatile=True))
    else:
        driver.memory_bytes = source_module.RESERVE_BYTES + FEED.source.images.nbytes - 1
    check(trained(driver, feed), wanted)
    check(predicted(driver, feed), wanted)


def test_images_that_fit_stay_on_the_device_and_others_take_a_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_module, "PIECE_BYTES", 2 * BATCH * IMAGE_BYTES)

    def most(memory_bytes: int) -> int:
        driver = native.NativeDriver()
        machine = started(driver)
        driver.memory_bytes = memory_bytes + sum(array.nbytes for array in driver.memory.values())
        before = set(driver.memory)
        machine.run(FEED, first=0, step_number=0, rates=rates(1))
        return max(array.nbytes for address, array in driver.memory.items() if address not in before)

    images = FEED.source.images.nbytes
    assert most(source_module.RESERVE_BYTES + images + 1000) == images  # and the rates of a step
    assert most(source_module.RESERVE_BYTES + images - 1) == 2 * 2 * BATCH * IMAGE_BYTES


def test_volatile_images_may_change_when_a_call_has_returned(wanted: dict[str, Any]) -> None:
    images = FEED.source.images.copy()
    feed = replace(FEED, source=replace(FEED.source, images=images, volatile=True))
    machine, told = started(native.NativeDriver()), list[Any]()
    for step in range(1, -(-IMAGES // BATCH)):
        used = feed.slots[BATCH * step : BATCH * (step + 1)]  # type: ignore[index]
        images[:] = 0xAA
        images[used] = FEED.source.images[used]
        told.append(machine.run(feed, first=BATCH * step, step_number=step, rates=rates(-(-IMAGES // BATCH))[[step]]))
    check({**kept(machine), "told": np.concatenate(told)}, wanted)


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> FakeCuda:
    """Functions of a driver that runs kernels on this processor."""

    def execute(call: Bound) -> None:
        kernel = native.native_kernel(call.unit)
        ranges = [(address, array.nbytes, "memory") for address, array in cuda.memory.items()]
        arguments = native.arguments_of(call)
        kernel.launch(call.blocks, call.unit.threads, *arguments, order="forward", ranges=ranges)

    monkeypatch.setattr(compile_workers, "_processors", lambda: 1)
    cuda = FakeCuda(execute)
    return cuda


@pytest.fixture
def gpu(cuda: FakeCuda) -> GpuDriver:
    return opened(cuda)


@pytest.mark.parametrize("early", [False, True], ids=["copied late", "copied early"])
@pytest.mark.parametrize("volatile", [False, True], ids=["kept", "volatile"])
def test_a_gpus_driver_gives_the_bits_of_kernels_called_one_by_one(
    gpu: GpuDriver, cuda: FakeCuda, volatile: bool, early: bool, wanted: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    cuda.early = early
    monkeypatch.setattr(source_module, "PIECE_BYTES", 3 * BATCH * IMAGE_BYTES)
    feed = replace(FEED, source=replace(FEED.source, volatile=volatile))
    check(trained(gpu, feed), wanted)
    check(predicted(gpu, feed), wanted)


def test_a_walk_by_a_gpus_driver_is_a_step(gpu: GpuDriver) -> None:
    def told(take: Callable[[CudaMachine], Any]) -> dict[str, Any]:
        machine = started(gpu)
        return {"told": take(machine), **kept(machine)}

    given: dict[str, Any] = {"first": 0, "step_number": 0, "rates": rates(1)}
    walked = told(lambda machine: machine.walk(FEED, watch=lambda launch: None, **given))
    check(walked, told(lambda machine: machine.run(FEED, **given)))


@pytest.mark.parametrize("steps", [1, STEPS + 2])
def test_a_call_waits_for_the_gpu_once_whatever_its_steps(gpu: GpuDriver, cuda: FakeCuda, steps: int) -> None:
    machine = started(gpu)
    machine.run(FEED, first=0, step_number=0, rates=rates(STEPS + 2))
    cuda.calls.clear()
    machine.run(FEED, first=0, step_number=0, rates=rates(steps))
    assert cuda.calls.count("cuStreamSynchronize") == 1
    assert "cuEventSynchronize" not in cuda.calls


def test_memory_ends_with_the_machine(gpu: GpuDriver, cuda: FakeCuda) -> None:
    machine = started(gpu)
    machine.run(FEED, first=0, step_number=0, rates=rates(2))
    assert len(cuda.memory) > 5
    del machine
    gc.collect()
    assert not cuda.memory
    assert [handle for handle in cuda.live if handle.kind == "executable"] == []


def test_a_closed_machine_has_no_memory(gpu: GpuDriver, cuda: FakeCuda) -> None:
    machine = started(gpu)
    machine.close()
    assert not cuda.memory
    machine.close()
