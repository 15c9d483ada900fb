"""A GPU as a device: a target, and the driver of its memory and kernels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from netspec.diagnostics.failure import CompilerBug
from netspec.ir.program import Program
from netspec.runtime.cuda.driver import Driver
from netspec.runtime.cuda.machine import CudaMachine
from netspec.runtime.device import DeviceChoice
from netspec.targets.cuda.processor import CudaTarget
from netspec.targets.cuda.program import Program as CudaProgram


@dataclass(frozen=True, slots=True)
class CudaDevice:
    """With `constant` kernels are compiled for their sizes; without, one kernel serves all sizes."""

    target: CudaTarget
    driver: Driver
    constant: bool = True

    @property
    def description(self) -> str:
        """`sm_90, NVIDIA H200`"""
        return f"{self.target.name}, {self.driver.name}"

    @property
    def planned_by(self) -> DeviceChoice:
        """The part of the user's choice that affects bits of results."""
        return DeviceChoice(kind="cuda")

    @property
    def readers(self) -> int:
        """Number of threads that read and decode images ahead while the device computes."""
        return 4

    def facts(self) -> Mapping[str, str | int | float | bool]:
        """Properties that affect bits of results: the target's fields, and which GPU it is."""
        return {**asdict(self.target), "gpu": self.driver.name}

    def machine(self, program: Program) -> CudaMachine:
        """The program in the memory of the GPU. Raises DeviceError where that is too small."""
        if not isinstance(program, CudaProgram):
            raise CompilerBug(f"a program planned for {program.target.name} cannot run on {self.target.name}")
        return CudaMachine(program, self.driver, constant=self.constant)
