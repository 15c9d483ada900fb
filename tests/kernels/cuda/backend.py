"""GPUs as the conformance suite sees them: the kernels' own code on this processor (`native.py`)."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from netspec.ir.program import Program
from netspec.runtime.cuda.device import CudaDevice
from netspec.runtime.cuda.machine import CudaMachine
from netspec.runtime.device import Device
from netspec.runtime.machine import Machine
from netspec.targets.cuda.processor import SM_80, SM_90
from netspec.targets.cuda.program import Program as CudaProgram
from tests.kernels.cuda.native import NativeDriver


class CudaBackend:
    """With `thorough` every call is checked as `NativeDriver` says; with `constant` kernels are compiled for their
    sizes."""

    name = "cuda"
    targets = (SM_90, SM_80)

    def __init__(self, *, thorough: bool = True, constant: bool = False) -> None:
        self.thorough, self.constant = thorough, constant

    def machine(self, program: Program, threads: int = 1) -> CudaMachine:
        assert isinstance(program, CudaProgram)
        driver = NativeDriver(thorough=self.thorough)
        machine = CudaMachine(program, driver, constant=self.constant)
        driver.know(program, machine.arena)
        return machine

    def fill(self, machine: Machine, value: float) -> None:
        assert isinstance(machine, CudaMachine)
        numbers = machine.program.arena_bytes // 4
        machine.driver.upload(machine.arena, np.full(numbers, value, np.float32))

    def step(self, machine: Machine, images: int, *, step_number: int = 0, seed: int = 0) -> Any:
        assert isinstance(machine, CudaMachine)
        return machine.step(images, step_number=step_number, seed=seed)

    def few_kernels(self) -> AbstractContextManager[None]:
        return nullcontext()

    def device(self, threads: int = 1) -> Device:
        return CudaDevice(SM_90, NativeDriver(), constant=False)


BACKEND = CudaBackend()
