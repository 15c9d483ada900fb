"""Every test that takes `backend` runs on each of them."""

from tests.kernels.backends import backend as backend
