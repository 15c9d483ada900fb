"""A machine that lacks the extra `cuda`: plans are made all the same, and what runs a kernel says what to install."""

import json
import time
from pathlib import Path

import pytest

from tests.cli.without_cuda import process_without_cuda

INSTALL = "pip install 'netspec[cuda]'"
MISSING = "error[E597]: numba-cuda, cuda-bindings, cuda-pathfinder are not installed"
SPEC = "net points { input 2; dense 8 relu; dense 2 }\ndata circles count=200\ntrain { epochs 1; batch 16 }\n"


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    (tmp_path / "points.net").write_text(SPEC)
    return tmp_path / "points.net"


@pytest.mark.parametrize("words", ["compile", "compile --emit program", "count", "count --memory 80GB"])
def test_programs_are_planned(words: str, spec: Path):
    command, *options = words.split()
    done = process_without_cuda(command, spec, "--device", "cuda", *options)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("words", ["train", "compile --emit ptx", "compile --emit sass"])
def test_what_compiles_a_kernel_says_what_to_install(words: str, spec: Path):
    command, *options = words.split()
    begun = time.monotonic()
    done = process_without_cuda(command, spec, "--device", "cuda", *options, cwd=spec.parent)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.splitlines() == [MISSING, f"  = help: `{INSTALL}`"]
    assert time.monotonic() - begun < 30  # it takes about one second on a machine that does nothing else
    assert [path.name for path in spec.parent.iterdir()] == ["points.net"]


def test_auto_chooses_the_cpu_and_says_why(spec: Path):
    done = process_without_cuda("train", spec, "--device", "auto", "--run", "one", "--json", cwd=spec.parent)
    assert done.returncode == 0, done.stderr
    said = "note: auto chose the device cpu: numba-cuda, cuda-bindings, cuda-pathfinder are not installed"
    assert done.stderr.splitlines()[0] == said
    assert json.loads(done.stdout)["run"] == "one"
    assert json.loads((spec.parent / "one" / "run.json").read_text())["device"]["kind"] == "cpu"


def test_doctor_tells_the_install_line():
    done = process_without_cuda("doctor", "--json")
    assert done.returncode == 0, done.stderr
    gpu = json.loads(done.stdout)["gpu"]
    assert gpu["trouble"].startswith("E597: ")
    assert INSTALL in gpu["trouble"]
    assert gpu["cuda"] is gpu["gpus"] is None


@pytest.mark.parametrize("command", ["evaluate", "predict"])
def test_a_run_of_a_gpu_can_be_used_on_the_cpu_and_that_is_said(command: str, greys: Path):
    record = greys / "one" / "run.json"
    document = json.loads(record.read_text())
    record.write_text(json.dumps({**document, "device": {**document["device"], "kind": "cuda"}}))
    words = [command, "one", *([next((greys / "photos").rglob("*.png"))] if command == "predict" else ())]
    refused = process_without_cuda(*words, cwd=greys)
    assert (refused.returncode, refused.stdout) == (3, "")
    on_cpu = '  = help: the run can be used on the CPU: `--device cpu`, `device="cpu"`'
    assert refused.stderr.splitlines()[-3:] == [MISSING, f"  = help: `{INSTALL}`", on_cpu]
    named = process_without_cuda(*words, "--device", "cuda", cwd=greys)
    assert named.returncode == 3
    assert on_cpu not in named.stderr
    done = process_without_cuda(*words, "--device", "cpu", cwd=greys)
    assert done.returncode == 0, done.stderr


def test_a_run_of_a_gpu_can_go_on_on_the_cpu_and_that_is_said(greys: Path):
    record = greys / "one" / "run.json"
    document = json.loads(record.read_text())
    record.write_text(json.dumps({**document, "device": {**document["device"], "kind": "cuda"}}))
    longer = ("train", "--resume", "one", "--set", f"train.epochs={document['result']['epochs'] + 1}")
    refused = process_without_cuda(*longer, cwd=greys)
    assert (refused.returncode, refused.stdout) == (3, "")
    assert MISSING in refused.stderr
    assert "the run can go on on the CPU, to other bits: `--device cpu --force`" in refused.stderr
    done = process_without_cuda(*longer, "--device", "cpu", "--force", cwd=greys)
    assert done.returncode == 0, done.stderr
