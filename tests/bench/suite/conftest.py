"""The tests of this folder run where the native runner does."""

import pytest

from netspec.runtime.cuda.device import CudaDevice
from netspec.targets.cuda.processor import SM_90
from tests.cuda_native.conftest import pytest_pycollect_makemodule as pytest_pycollect_makemodule


@pytest.fixture
def device() -> CudaDevice:
    """A GPU whose kernels run on this processor."""
    from tests.kernels.cuda.native import NativeDriver  # noqa: PLC0415  (absent without the extra `cuda`)

    return CudaDevice(SM_90, NativeDriver(), constant=False)
