"""The tests of this folder run where the native runner does."""

from tests.cuda_native.conftest import pytest_pycollect_makemodule as pytest_pycollect_makemodule
