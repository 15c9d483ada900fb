import os
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netspec.data.unpickle import read_batch
from tests.data.samples import pixels, reads_or_refuses, refuses

BATCH = {b"data": pixels(2, 6), b"labels": [3, 0], b"filenames": [b"a.png", b"b.png"]}


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4])
def test_arrays_and_plain_values_are_read(protocol: int):
    found = read_batch(pickle.dumps(BATCH, protocol), "batch")
    np.testing.assert_array_equal(found["data"], BATCH[b"data"])
    assert found["labels"] == [3, 0]


def test_arrays_of_every_type_and_order_are_read():
    for dtype in ("u1", "i2", ">i4", "f4", "<f8"):
        for array in (
            np.arange(6).reshape(2, 3).astype(dtype),
            np.asfortranarray(np.arange(6).reshape(2, 3).astype(dtype)),
        ):
            found = read_batch(pickle.dumps({"a": array}, 2), "batch")["a"]
            np.testing.assert_array_equal(found, array)


def test_a_batch_that_python_2_wrote_is_read():
    """Protocol 2 with byte strings, as the published files have them."""
    raw = (
        b"\x80\x02}(U\x04dataq\x01cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
        b"(K\x01K\x01K\x03\x86cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        b"\x89U\x03\x01\x02\x03tbU\x06labels](K\x07eu."
    )
    found = read_batch(raw, "batch")
    np.testing.assert_array_equal(found["data"], [[1, 2, 3]])
    assert found["labels"] == [7]


class Malicious:
    """Runs a command when it is unpickled."""

    def __init__(self, function, *arguments) -> None:
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
def test_a_pickle_that_runs_a_command_is_refused_and_nothing_runs(tmp_path: Path, protocol: int):
    trace = tmp_path / "trace"
    raw = pickle.dumps({b"data": Malicious(os.system, f"touch {trace}")}, protocol)
    error = refuses("E509", lambda: read_batch(raw, "batch"))
    assert "system" in error.message
    assert not trace.exists()


@pytest.mark.parametrize(
    "raw",
    [
        pickle.dumps(Malicious(eval, "1")),
        pickle.dumps(Malicious(np.ndarray, (1 << 50,))),
        pickle.dumps(Malicious(np.dtype, "O")),
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I99999999999999\ntS'b'\ntR.",
        b"\x80\x02\x8c\x05numpy\x8c\x07ndarray\x93)\x81}b.",
        b"\x80\x04\x8c\x08builtins\x8c\x04exec\x93\x8c\x011\x85R.",
        b"c__builtin__\neval\n(S'1'\ntR.",
        b"cos\nsystem\n(S'true'\ntR.",
        b"(S'true'\nios\nsystem\n.",
        b"\x82\x01.",
        b"Ppersistent\n.",
    ],
)
def test_no_other_way_to_run_something_works(raw: bytes):
    assert not reads_or_refuses(lambda: read_batch(raw, "batch"), most_bytes=1 << 20)


def test_a_number_of_memo_that_would_fill_memory_is_refused():
    raw = b"\x80\x02}r" + struct.pack("<I", 2**31) + b"."
    assert not reads_or_refuses(lambda: read_batch(raw, "batch"), most_bytes=1 << 20)


def test_an_array_whose_bytes_do_not_match_its_shape_is_refused():
    raw = pickle.dumps({"a": np.zeros((3, 4), np.uint8)}, 2).replace(b"K\x03K\x04\x86", b"K\x03K\x7f\x86")
    refuses("E503", lambda: read_batch(raw, "batch"))


def test_an_array_of_objects_is_refused():
    refuses("E507", lambda: read_batch(pickle.dumps({"a": np.array([None, 1])}, 2), "batch"))


def test_a_pickle_of_something_else_is_refused():
    refuses("E504", lambda: read_batch(pickle.dumps([1, 2]), "batch"))


@settings(max_examples=200)
@given(st.data())
def test_a_damaged_pickle_is_refused_or_read(data: st.DataObject):
    raw = bytearray(pickle.dumps(BATCH, data.draw(st.integers(0, 5))))
    if data.draw(st.booleans()):
        raw = raw[: data.draw(st.integers(0, len(raw)))]
    for _ in range(data.draw(st.integers(0, 4))):
        if raw:
            raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    reads_or_refuses(lambda: read_batch(bytes(raw), "batch"))
