"""The driver of a GPU, on a driver of CUDA in Python that does work as late as allowed."""

import gc
import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from netspec.diagnostics.failure import DeviceError
from netspec.kernels.cuda.language.unit import Sizes, Unit
from netspec.runtime.cuda.driver import Bound
from netspec.runtime.cuda.gpu import GpuDriver
from netspec.runtime.cuda.graphs import STEPS
from netspec.targets.cuda.processor import CudaTarget
from tests.runtime.cpu.test_workers import holds_in_a_child
from tests.runtime.cuda.fake_cuda import MEMORY_BYTES, FakeCuda, opened

FIRST = Unit("first", 256, ("float32*", "int32", "float32", Sizes("Maps", 2, None)))
SECOND = Unit("second", 128, ("int64*", "uint32", Sizes("Maps", 2, (3, 4))))
CALLS = (
    Bound(FIRST, 7, (1 << 40, 0xFFFFFFFE, 0x3F800000, 5, 6)),
    Bound(SECOND, 9, (1 << 41, 0xFFFFFFFF, 0, 0)),
    Bound(FIRST, 1, (1 << 42, 1, 2, 3, 4)),
)


@pytest.fixture(autouse=True, scope="module")
def few_objects() -> Iterator[None]:
    """What lives before these tests is not gone through by their collections."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def test_a_gpu_is_a_target_with_a_name(driver: GpuDriver) -> None:
    assert driver.name == "Fake H200"
    assert driver.target == CudaTarget("sm_90", multiprocessors=132, shared_bytes=232448, registers=65536)


def test_memory_is_taken_aligned_and_given_back(driver: GpuDriver, cuda: FakeCuda) -> None:
    addresses = [driver.allocate(size) for size in (1, 1000, 256)]
    assert all(address % 256 == 0 for address in addresses)
    assert driver.free_bytes == MEMORY_BYTES - 1257
    for address in addresses:
        driver.release(address)
    assert driver.free_bytes == MEMORY_BYTES
    assert cuda.memory == {}


def test_memory_is_given_back_only_after_earlier_work(driver: GpuDriver, done: list[Bound]) -> None:
    address = driver.allocate(64)
    driver.launch(driver.graph(CALLS), 1)
    assert done == []
    driver.release(address)
    assert done == list(CALLS)


@pytest.mark.parametrize("shape", [(), (0,), (3, 5)])
def test_what_is_uploaded_is_downloaded(driver: GpuDriver, shape: tuple[int, ...]) -> None:
    array = np.random.default_rng(1).standard_normal(shape).astype(np.float32)
    address = driver.allocate(max(1, array.nbytes))
    driver.upload(address, array)
    found = np.empty_like(array)
    driver.download(address, found)
    np.testing.assert_array_equal(found, array)
    driver.release(address)


@pytest.mark.parametrize("times", [0, 1, STEPS - 1, STEPS, 2 * STEPS + 3])
def test_a_graph_runs_its_calls_in_order_so_many_times(
    driver: GpuDriver, cuda: FakeCuda, done: list[Bound], times: int
) -> None:
    graph = driver.graph(CALLS)
    cuda.calls.clear()
    driver.launch(graph, times)
    assert cuda.calls.count("cuGraphLaunch") == times // STEPS + times % STEPS
    driver.wait()
    assert done == [*CALLS] * times


def test_a_long_graph_is_made_when_it_is_first_needed_and_once(driver: GpuDriver, cuda: FakeCuda) -> None:
    graph = driver.graph(CALLS)
    driver.launch(graph, STEPS - 1)
    assert cuda.calls.count("cuLaunchKernel") == len(CALLS)
    for _ in range(2):
        driver.launch(graph, 2 * STEPS)
        assert cuda.calls.count("cuLaunchKernel") == len(CALLS) * (1 + STEPS)
    assert cuda.calls.count("cuStreamBeginCapture") == cuda.calls.count("cuGraphDestroy") == 2


def test_a_graph_of_no_calls_does_nothing(driver: GpuDriver, done: list[Bound]) -> None:
    driver.launch(driver.graph(()), 3)
    driver.wait()
    assert done == []


def test_graphs_of_the_same_kernels_load_them_once(driver: GpuDriver, cuda: FakeCuda) -> None:
    for calls in (CALLS, CALLS[:1], CALLS[1:]):
        driver.graph(calls)
    assert cuda.calls.count("cuModuleLoadData") == 2


@pytest.mark.parametrize("name", ["cuStreamBeginCapture", "cuLaunchKernel", "cuStreamEndCapture"])
def test_an_interrupt_in_a_capture_ends_it(
    driver: GpuDriver, cuda: FakeCuda, done: list[Bound], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    called, interrupts = getattr(cuda, name), [KeyboardInterrupt]

    def interrupted(*arguments: Any) -> Any:
        if not interrupts:
            return called(*arguments)
        if name == "cuStreamBeginCapture":  # at the latest: the others, at the earliest
            called(*arguments)
        raise interrupts.pop()

    monkeypatch.setattr(cuda, name, interrupted, raising=False)
    with pytest.raises(KeyboardInterrupt):
        driver.graph(CALLS)
    assert [handle for handle in cuda.live if handle.kind in ("graph", "executable") or handle.capture] == []
    driver.launch(driver.graph(CALLS), 2)
    driver.wait()
    assert done == [*CALLS] * 2


def test_a_graph_ends_with_its_object(driver: GpuDriver, cuda: FakeCuda) -> None:
    graph = driver.graph(CALLS)
    driver.launch(graph, STEPS)
    driver.wait()
    del graph
    gc.collect()
    assert [handle for handle in cuda.live if handle.kind in ("graph", "executable")] == []


def use(driver: GpuDriver) -> None:
    """Every function of the driver API that a run needs."""
    address = driver.allocate(100)
    array = np.zeros(25, np.float32)
    try:
        assert driver.free_bytes > 0
        driver.upload(address, array)
        graph = driver.graph(CALLS)
        driver.launch(graph, STEPS + 1)
        driver.upload(address, np.zeros(24, np.float32))
        driver.bring(address, array)
        driver.download(address, array)
        driver.wait()
    finally:
        driver.release(address)


def use_all(cuda: FakeCuda) -> None:
    driver = opened(cuda)
    try:
        use(driver)
    finally:
        driver.close()


def all_calls() -> list[str]:
    """The names of all calls of `use_all`, in order."""
    cuda = FakeCuda(lambda call: None)
    use_all(cuda)
    gc.collect()
    return cuda.calls


NAMES = all_calls()
END = len(NAMES) - NAMES[::-1].index("cuCtxSetCurrent") - 1
"""the first call that gives back what a run has taken"""


@pytest.mark.parametrize("lost", [False, True], ids=["once", "for good"])
@pytest.mark.parametrize("fail", range(END), ids=lambda number: f"{number}-{NAMES[number]}")
def test_an_error_of_any_call_is_a_device_error_and_leaves_nothing(fail: int, lost: bool) -> None:
    cuda, name = FakeCuda(lambda call: None, fail=fail, lost=lost), NAMES[fail]
    if name in ("cuDriverGetVersion", "cuGraphDestroy") and not lost:
        use_all(cuda)
    else:
        with pytest.raises(DeviceError) as caught:
            use_all(cuda)
        assert caught.value.code == ("E598" if name in ("cuDriverGetVersion", "cuInit") else "E589")
        assert name in caught.value.message or name in ("cuDriverGetVersion", "cuGraphDestroy")
        del caught
    gc.collect()
    if not lost:
        assert cuda.left() == (1 if name == "cuGraphDestroy" else 0)


@pytest.mark.parametrize("fail", range(END, len(NAMES)), ids=lambda number: f"{number}-{NAMES[number]}")
def test_an_error_in_giving_back_is_not_raised_and_keeps_nothing_else(fail: int) -> None:
    cuda = FakeCuda(lambda call: None, fail=fail)
    use_all(cuda)
    gc.collect()
    assert cuda.left() == (0 if NAMES[fail] in ("cuCtxSetCurrent", "cuStreamSynchronize") else 1)


def test_nothing_is_left_when_all_is_given_back(cuda: FakeCuda) -> None:
    use_all(cuda)
    gc.collect()
    assert cuda.left() == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_is_told_that_it_has_no_gpu_and_frees_nothing(driver: GpuDriver, cuda: FakeCuda) -> None:
    address = driver.allocate(64)

    def refused() -> bool:
        driver.release(address)
        try:
            driver.wait()
        except DeviceError as error:
            return error.code == "E587" and address in cuda.memory
        return False

    assert holds_in_a_child(refused)
    driver.release(address)
    assert address not in cuda.memory
