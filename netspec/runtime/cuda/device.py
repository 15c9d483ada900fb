"""A GPU as a device: a target, and the driver of its memory and kernels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from netspec.diagnostics.failure import CompilerBug, DeviceError
from netspec.ir.program import Program
from netspec.runtime.cuda.driver import Driver
from netspec.runtime.cuda.gpu import open_gpu
from netspec.runtime.cuda.machine import CudaMachine
from netspec.runtime.cuda.packages import compiler_versions
from netspec.runtime.device import USUAL, DeviceChoice, Fact
from netspec.schedule.cuda.fitting import largest_batch
from netspec.targets.cuda.processor import CudaTarget
from netspec.targets.cuda.program import Program as CudaProgram

MAKERS = ("numba-cuda", "nvidia-nvvm", "nvidia-nvjitlink")
"""Packages that make a GPU's code alone; `identity` has the versions of the others."""


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
    def parallel_images(self) -> int:
        """1: all threads share an image."""
        return 1

    @property
    def readers(self) -> int:
        """Number of threads that read and decode images ahead while the device computes."""
        return 4

    def facts(self) -> Mapping[str, Fact]:
        """Properties that affect bits of results: the target's fields, which GPU it is, and the versions of what makes
        its code, None where unknown."""
        versions = compiler_versions()
        return {**asdict(self.target), "gpu": self.driver.name, **{package: versions[package] for package in MAKERS}}

    def machine(self, program: Program) -> CudaMachine:
        """The program, compiled and in the memory of the GPU. Raises DeviceError (E588) where that is too small."""
        if not isinstance(program, CudaProgram):
            raise CompilerBug(f"a program planned for {program.target.name} cannot run on {self.target.name}")
        free_bytes = self.driver.free_bytes
        if program.arena_bytes > free_bytes:
            raise _too_large(program, free_bytes)
        machine = CudaMachine(program, self.driver, constant=self.constant)
        machine.compile()
        return machine


def cuda_device(choice: DeviceChoice = USUAL) -> CudaDevice:
    """The GPU of this machine, with compiled kernels in the user's cache. No other part of a choice than its kind
    affects it. Raises DeviceError (E597 to E599) as `open_gpu` does."""
    driver = open_gpu()
    return CudaDevice(driver.target, driver)


def _too_large(program: CudaProgram, free_bytes: int) -> DeviceError:
    batch = largest_batch(program, free_bytes)
    return DeviceError(
        "E588",
        f"a batch of {program.batch} needs {program.arena_bytes / 1e9:.2f} GB of the GPU's memory, and"
        f" {free_bytes / 1e9:.2f} GB are free",
        helps=(f"the largest batch that fits is {batch}",) if batch else ("not even a batch of one image fits",),
    )
