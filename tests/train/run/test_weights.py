"""Weight files: the same bytes for the same weights, and no broken file is believed."""

import json
import struct
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st

from netspec.data.levels import Levels
from netspec.diagnostics.failure import DataError
from netspec.train.run.weights import expected_shapes, read_weights, recorded_preparation, write_weights
from netspec.train.step.preparation import Preparation
from netspec.train.step.scores import Array
from tests.train.nets import small_graph


def some_weights() -> dict[str, Array]:
    draw = np.random.default_rng(1)
    return {name: draw.normal(size=shape).astype(np.float32) for name, shape in expected_shapes(small_graph()).items()}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "weights.safetensors"
    write_weights(path, some_weights())
    return path


def refusal(path: Path) -> DataError:
    with pytest.raises(DataError) as caught:
        read_weights(path, small_graph())
    assert str(path) in caught.value.message
    return caught.value


def test_what_was_written_is_read_back_to_the_bit(file: Path) -> None:
    read = read_weights(file, small_graph())
    assert read.keys() == some_weights().keys()
    assert all(np.array_equal(read[name], array) for name, array in some_weights().items())


def test_running_statistics_are_kept_and_momenta_are_not() -> None:
    assert list(expected_shapes(small_graph())) == [
        "batchnorm1.scale",
        "batchnorm1.shift",
        "dense1.weight",
        "dense1.bias",
        "batchnorm1.mean",
        "batchnorm1.variance",
    ]


def test_equal_weights_are_equal_bytes_in_whatever_order_and_layout_they_come(file: Path, tmp_path: Path) -> None:
    turned = {name: np.asfortranarray(array) for name, array in reversed(some_weights().items())}
    write_weights(tmp_path / "other.safetensors", turned)
    assert (tmp_path / "other.safetensors").read_bytes() == file.read_bytes()


def test_a_missing_file_and_a_folder_are_told_apart_from_broken_ones(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "none").message
    assert refusal(tmp_path).code == "E541"


def test_a_file_cut_off_anywhere_is_refused(file: Path) -> None:
    whole = file.read_bytes()
    for length in (0, 1, 7, 8, 20, len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole[:length])
        assert refusal(file).code == "E541"


@given(place=st.integers(0, 700), byte=st.integers(0, 255))
def test_a_changed_byte_never_leads_to_anything_but_weights_or_a_data_error(
    tmp_path_factory: pytest.TempPathFactory, place: int, byte: int
) -> None:
    path = tmp_path_factory.mktemp("changed") / "weights.safetensors"
    write_weights(path, some_weights())
    content = bytearray(path.read_bytes())
    content[place % len(content)] = byte
    path.write_bytes(content)
    try:
        read = read_weights(path, small_graph())
    except DataError:
        return
    assert {name: array.shape for name, array in read.items()} == expected_shapes(small_graph())


def test_a_header_that_claims_the_whole_disk_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "huge"
    for length in (2**30, 2**62, 2**64 - 1):
        path.write_bytes(struct.pack("<Q", length) + b"{}")
        assert refusal(path).code == "E541"


def test_arrays_that_overlap_or_leave_the_file_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "overlapping"
    for end in (8, 4096):
        entry = {"dtype": "F32", "shape": [2], "data_offsets": [0, end]}
        header = json.dumps({"a": entry, "b": entry}).encode()
        path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(16))
        assert refusal(path).code == "E541"


def test_every_array_that_differs_is_listed(tmp_path: Path) -> None:
    weights = some_weights()
    del weights["dense1.bias"]
    weights["dense1.weight"] = np.zeros((10, 3), np.float32)
    weights["conv1.weight"] = np.zeros((4, 1, 3, 3), np.float32)
    write_weights(tmp_path / "other", weights)
    error = refusal(tmp_path / "other")
    assert error.code == "E542"
    assert error.notes == (
        "`dense1.bias` (2) is missing",
        "`conv1.weight` (4x1x3x3) is not of this net",
        "`dense1.weight` is 10x3 in the file and 2x3 in the net",
    )


def test_another_type_of_number_is_refused(tmp_path: Path) -> None:
    kinds = [{"dtype": "BF16", "shape": list(shape)} for shape in expected_shapes(small_graph()).values()]
    sizes = [2 * int(np.prod(kind["shape"])) for kind in kinds]
    ends = np.cumsum(sizes).tolist()
    offsets = [{"data_offsets": [end - size, end]} for size, end in zip(sizes, ends, strict=True)]
    entries = (kind | offset for kind, offset in zip(kinds, offsets, strict=True))
    header = json.dumps(dict(zip(expected_shapes(small_graph()), entries, strict=True))).encode()
    (tmp_path / "half").write_bytes(struct.pack("<Q", len(header)) + header + bytes(ends[-1]))
    error = refusal(tmp_path / "half")
    assert error.code == "E542"
    assert "`dense1.bias` is of type BF16, not F32" in error.notes


def test_weights_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    weights = some_weights()
    weights["dense1.bias"][1] = np.inf
    write_weights(tmp_path / "infinite", weights)
    error = refusal(tmp_path / "infinite")
    assert error.code == "E543"
    assert "dense1.bias" in error.message


NUMBERS = st.floats(0.001, 1e6)


@given(st.integers(1, 3), st.lists(st.text(max_size=5), max_size=3), NUMBERS, NUMBERS)
def test_a_file_tells_how_images_were_prepared(
    tmp_path_factory: pytest.TempPathFactory, channels: int, names: list[str], mean: float, white: float
) -> None:
    path = tmp_path_factory.mktemp("w") / "w.safetensors"
    statistics = (mean,) * channels, (1 / mean,) * channels
    preparation = Preparation((channels, 2, 3), *statistics, Levels(black=-mean, white=white), tuple(names))
    write_weights(path, some_weights(), preparation)
    assert recorded_preparation(path) == preparation
    assert all(np.array_equal(read_weights(path, small_graph())[name], array) for name, array in some_weights().items())
    content = path.read_bytes()
    write_weights(path, some_weights(), preparation)
    assert path.read_bytes() == content


def test_a_file_without_a_record_tells_nothing_of_images(file: Path) -> None:
    assert recorded_preparation(file) is None


@pytest.mark.parametrize("record", ["", "{", "[]", "{}", '{"image": {"shape": [1, 2], "white": 1}}'])
def test_a_broken_record_is_told(tmp_path: Path, record: str) -> None:
    path = tmp_path / "w.safetensors"
    path.write_bytes(safetensors.numpy.save(some_weights(), {"netspec": record}))
    with pytest.raises(DataError) as caught:
        recorded_preparation(path)
    assert caught.value.code == "E541"
    assert str(path) in caught.value.message


def test_metadata_of_another_program_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    path.write_bytes(safetensors.numpy.save(some_weights(), {"format": "pt"}))
    assert recorded_preparation(path) is None
