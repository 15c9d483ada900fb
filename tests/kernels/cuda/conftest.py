"""The tests of this folder run where the native runner does."""

import pytest

from tests.cuda_native.conftest import pytest_pycollect_makemodule as pytest_pycollect_makemodule
from tests.kernels.backends import BACKENDS, Backend, opened


@pytest.fixture(scope="session")
def gpu() -> Backend:
    """The backend of GPUs."""
    return opened(next(entry for entry in BACKENDS if entry.name == "cuda"))
