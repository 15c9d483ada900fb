"""`specs`, `layers` and `doctor` list what there is."""

from pathlib import Path

import pytest

from netspec.check.vocabulary import tables as vocabulary
from netspec.cli.commands import doctor
from netspec.cli.commands.doctor import cache_sizes
from netspec.resources import bundled_specs
from netspec.runtime.cpu.host import host_target
from netspec.runtime.cuda.driver_api import initialized
from tests.cli.harness import refused, run, run_json
from tests.runtime.cuda.fake_cuda import FakeCuda


def test_specs_are_listed_with_their_titles():
    said = run("specs").stdout.splitlines()
    assert [line.split()[0] for line in said] == list(bundled_specs())
    assert all(len(line.split()) > 1 and len(line) <= 100 for line in said)


def test_specs_as_json_have_their_paths():
    assert [(s["name"], Path(s["path"])) for s in run_json("specs")["specs"]] == list(bundled_specs().items())


def test_every_word_of_the_language_is_listed():
    said = run("layers").stdout
    for table in (vocabulary.LAYERS, vocabulary.TRAIN, vocabulary.AUGMENT, vocabulary.DATA, vocabulary.SCHEDULES):
        assert all(f"  {entry.usage}" in said for entry in table.values())
    assert all(f"  {name}" in said for name in vocabulary.LOSSES)


def test_a_word_is_told_with_every_argument():
    said = run("layers", "conv").stdout
    assert all(f"{slot.name}" in said for slot in vocabulary.LAYERS["conv"].attributes)
    assert "default 1" in said


def test_a_word_that_stands_in_two_places_is_told_twice():
    entries = run_json("layers", "use")["entries"]
    assert [entry["section"] for entry in entries] == ["file", "net"]


def test_an_unknown_word_gets_a_suggestion():
    done = run("layers", "konv")
    refused(done, 2, "E611")
    assert "`conv`" in done.stderr


def test_the_vocabulary_as_json_is_whole():
    names = {entry["name"] for entry in run_json("layers")["entries"]}
    assert vocabulary.LAYERS.keys() | vocabulary.TRAIN.keys() <= names


def test_doctor_tells_what_it_found():
    got = run_json("doctor")
    assert got["processor"]["lanes"] == host_target().lanes
    assert got["versions"]["netspec"]
    assert {"numba-cuda", "numba.cuda", "driver", "cuda", "gpus", "trouble"} <= got["gpu"].keys()


def test_doctor_tells_the_folder_of_data(monkeypatch, tmp_path: Path):
    monkeypatch.setenv("NETSPEC_DATA", str(tmp_path))
    assert run_json("doctor")["folders"]["NETSPEC_DATA"] == str(tmp_path)
    monkeypatch.delenv("NETSPEC_DATA")
    assert run_json("doctor")["folders"]["NETSPEC_DATA"] == "not set"


def test_sizes_of_caches_are_read_where_the_system_tells_them(tmp_path: Path):
    for index, (kind, level, size) in enumerate((("Data", 1, "48K"), ("Instruction", 1, "32K"), ("Unified", 2, "2M"))):
        folder = tmp_path / f"index{index}"
        folder.mkdir()
        for name, text in (("type", kind), ("level", level), ("size", size)):
            (folder / name).write_text(f"{text}\n")
    (tmp_path / "index9").mkdir()
    assert cache_sizes(tmp_path) == {"l1": "48K", "l2": "2M"}
    assert cache_sizes(tmp_path / "nowhere") == {}


def test_doctor_tells_the_gpus(monkeypatch: pytest.MonkeyPatch):
    api = initialized(FakeCuda(lambda call: None))
    monkeypatch.setattr(doctor, "open_api", lambda: api)
    monkeypatch.setattr(doctor, "check_compiler_for_gpus", lambda: None)
    got = run_json("doctor")["gpu"]
    assert (got["cuda"], got["gpus"], got["trouble"]) == ("13.0", "Fake H200, sm_90, 4.3 GB", None)


def test_doctor_tells_what_a_gpu_lacks(monkeypatch: pytest.MonkeyPatch):
    old = FakeCuda(lambda call: None, version=12040)
    monkeypatch.setattr(doctor, "open_api", lambda: initialized(old))
    monkeypatch.setattr(doctor, "check_compiler_for_gpus", lambda: None)
    done = run("doctor")
    assert done.exit_code == 0
    assert "E599: the GPU's driver takes CUDA 12.4" in done.stdout
