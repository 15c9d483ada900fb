import pytest

from tests.kernels.backends import BACKENDS, Backend, opened


@pytest.fixture(scope="session")
def gpu() -> Backend:
    """The backend of GPUs; skips the test where this machine cannot run it."""
    return opened(next(entry for entry in BACKENDS if entry.name == "cuda"))
