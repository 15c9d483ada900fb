"""What a training step holds of the machine's memory is what `netspec count` forecasts of it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.kernels.harness import CACHE_DIR

SCRIPT = """
import sys
from pathlib import Path
import numpy as np
from netspec.bench.memory import take_peak_resident_bytes
from netspec.compiler import training_program
from netspec.counting.memory import planned
from netspec.diagnostics.text import Source as Text
from netspec.frontend import check_experiment
from netspec.runtime.feed import Pass, Source
from netspec.runtime.cpu.host import host_target
from netspec.runtime.cpu.machine import CpuMachine

def train(text, batch):
    experiment = check_experiment(Text("test.net", text))
    program = training_program(experiment, host_target(), batch)
    machine = CpuMachine(program, 2, cache_dir=Path(sys.argv[1]))
    graph, shape = experiment.graph, experiment.graph.inputs[0].shape
    machine.initialize((*graph.parameters, *graph.states), 1)
    images, labels = np.zeros((2 * batch, *shape), np.uint8), np.zeros(2 * batch, np.int32)
    feed = Pass(Source(images, labels, np.zeros(shape[0]), np.ones(shape[0])), np.arange(2 * batch))
    machine.run(feed, first=0, step_number=0, rates=np.full((2, 1), 1e-3))
    return planned(program).peak_bytes

train("net t { input 3x8x8; conv 4 3x3; dense 3 }", 16)
take_peak_resident_bytes()
before = take_peak_resident_bytes()
forecast = train(Path(sys.argv[2]).read_text(), int(sys.argv[3]))
print(take_peak_resident_bytes() - before, forecast)
"""
"""A small net is trained first, so that the libraries are there; then the net in question, whose peak counts."""
WIDE = "net wide { input 3x32x32; conv 16 3x3 pad=1 relu; pool max 2x2; dense 4096 relu; dense 10 }"
"""Its 17 million weights and its momentum outweigh what a library may allocate in passing."""
SPECS = Path(__file__).parents[2] / "specs"

pytestmark = pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux forgets a peak")


def compare(spec: Path, batch: int) -> None:
    command = [sys.executable, "-c", SCRIPT, str(CACHE_DIR), str(spec), str(batch)]
    subprocess.run(command, capture_output=True, check=True)  # compiles, for which Numba and LLVM take 90 MB
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    resident, forecast = map(int, done.stdout.split())
    assert resident == pytest.approx(forecast, rel=0.1)


@pytest.mark.slow
def test_a_step_is_as_large_as_forecast(tmp_path: Path) -> None:
    spec = tmp_path / "wide.net"
    spec.write_text(WIDE + "\ntrain { sgd rate=0.1 momentum=0.9 }")
    compare(spec, 32)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "batch"), [("vgg16_cifar", 64), ("resnet18_cifar", 32), ("mobilenet_v2_cifar", 32)])
def test_a_step_of_a_bundled_spec_is_as_large_as_forecast(name: str, batch: int) -> None:
    compare(SPECS / f"{name}.net", batch)
