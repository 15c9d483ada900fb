"""Tests of training run on every backend of the conformance suite that this machine has."""

import pytest

from netspec.runtime.device import Device
from tests.kernels.backends import Backend
from tests.kernels.backends import backend as backend


@pytest.fixture(scope="session")
def device(backend: Backend) -> Device:
    """The device of each backend, on one thread where it has threads."""
    return backend.device()
