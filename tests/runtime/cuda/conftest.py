"""A driver of CUDA in Python, and the GPU's driver on it."""

from collections.abc import Iterator

import pytest

from netspec.runtime import compile_workers
from netspec.runtime.cuda.driver import Bound
from netspec.runtime.cuda.gpu import GpuDriver
from tests.runtime.cuda.fake_cuda import FakeCuda, opened


@pytest.fixture
def done() -> list[Bound]:
    """The calls of kernels that were executed."""
    return []


@pytest.fixture
def cuda(done: list[Bound]) -> FakeCuda:
    return FakeCuda(done.append)


@pytest.fixture
def driver(cuda: FakeCuda, monkeypatch: pytest.MonkeyPatch) -> Iterator[GpuDriver]:
    monkeypatch.setattr(compile_workers, "_processors", lambda: 1)
    driver = opened(cuda)
    yield driver
    driver.wait()
    driver.close()
