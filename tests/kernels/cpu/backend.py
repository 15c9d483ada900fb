"""The CPU as the conformance suite sees it."""

from contextlib import AbstractContextManager
from typing import Any

from netspec.ir.program import Program
from netspec.runtime.cpu.machine import CpuMachine
from netspec.runtime.device import Device, DeviceChoice, open_device
from netspec.runtime.machine import Machine
from netspec.targets.cpu.processor import AVX2, AVX512, NEON
from netspec.targets.cpu.program import Program as CpuProgram
from tests.kernels.cpu.tiling import few_tiles
from tests.kernels.harness import CACHE_DIR


class CpuBackend:
    name = "cpu"
    targets = (AVX512, NEON, AVX2)
    """16, 4 and 8 lanes; kernels of all three run on any processor"""

    def machine(self, program: Program, threads: int = 1) -> CpuMachine:
        assert isinstance(program, CpuProgram)
        return CpuMachine(program, threads, cache_dir=CACHE_DIR)

    def fill(self, machine: Machine, value: float) -> None:
        assert isinstance(machine, CpuMachine)
        machine.arena[:] = value

    def step(self, machine: Machine, images: int, *, step_number: int = 0, seed: int = 0) -> Any:
        assert isinstance(machine, CpuMachine)
        return machine.step(images, step_number=step_number, seed=seed)

    def few_kernels(self) -> AbstractContextManager[None]:
        return few_tiles()

    def device(self, threads: int = 1) -> Device:
        return open_device(DeviceChoice(threads))


CPU = BACKEND = CpuBackend()
