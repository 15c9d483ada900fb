"""Copies to a GPU by way of page-locked memory."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from netspec.runtime.cuda.driver_api import DriverApi
from netspec.runtime.cuda.staging import Staging
from tests.runtime.cuda.fake_cuda import FakeCuda, opened


@given(st.lists(st.integers(0, 3000), min_size=1, max_size=12), st.data())
def test_arrays_may_change_as_soon_as_they_are_uploaded(sizes: list[int], data: st.DataObject) -> None:
    cuda = FakeCuda(lambda call: None)
    driver = opened(cuda)
    api = DriverApi(cuda)
    stream = api.call("cuStreamCreate", 1)
    staging = Staging(api, stream, half_bytes=1024)
    address, wanted = driver.allocate(4000), np.full(4000, 0xFF, np.uint8)
    for number, size in enumerate(sizes):
        begin = data.draw(st.integers(0, 4000 - size))
        array = np.full(size, number, np.uint8)
        wanted[begin : begin + size] = array
        staging.send(address + begin, array)
        array[:] = 0xEE
    api.call("cuStreamSynchronize", stream)
    np.testing.assert_array_equal(cuda.memory[address], wanted)
    staging.close()
