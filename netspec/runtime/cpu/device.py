"""The CPU of this machine as a device: a target, a number of threads, and a folder for compiled kernels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from netspec.diagnostics.failure import CompilerBug
from netspec.ir.program import Program
from netspec.runtime.cache import user_cache
from netspec.runtime.cpu.compilation import check_compiler
from netspec.runtime.cpu.host import host_target
from netspec.runtime.cpu.machine import CpuMachine
from netspec.runtime.cpu.processors import usable_cores
from netspec.runtime.device import USUAL, DeviceChoice, Fact
from netspec.targets.cpu.cost_table import costs_hash
from netspec.targets.cpu.processor import ARITHMETIC, TARGETS, CpuTarget
from netspec.targets.cpu.program import Program as CpuProgram


@dataclass(frozen=True, slots=True)
class CpuDevice:
    """`threads` affects speed and never a bit of a result; `cache_dir` None compiles everything again."""

    target: CpuTarget
    threads: int = 1
    cache_dir: Path | None = None

    @property
    def description(self) -> str:
        """`avx512, 2 threads`"""
        return f"{self.target.name}, {self.threads} thread{'s' * (self.threads != 1)}"

    @property
    def planned_by(self) -> DeviceChoice:
        """The part of the user's choice that affects bits of results."""
        own = self.target.costs == TARGETS[self.target.name].costs
        return DeviceChoice(exact=self.target.exact, costs=None if own else self.target.costs)

    @property
    def readers(self) -> int:
        """Number of threads that read and decode images ahead while the device computes."""
        return max(2, self.threads)

    @property
    def parallel_images(self) -> int:
        """Number of images that a program with lanes of channels holds at once, one for each thread."""
        return self.threads

    def facts(self) -> Mapping[str, Fact]:
        """What affects bits of results: the target's fields, with a hash in place of its costs, and the arithmetic."""
        return {**asdict(self.target), "costs": costs_hash(self.target.costs), "arithmetic": ARITHMETIC}

    def machine(self, program: Program) -> CpuMachine:
        """The program, compiled and in memory. Raises DeviceError (E590) where memory is too small."""
        if not isinstance(program, CpuProgram):
            raise CompilerBug(f"a program planned for {program.target.name} cannot run on {self.target.name}")
        return CpuMachine(program, self.threads, cache_dir=self.cache_dir)


def host_device(choice: DeviceChoice = USUAL) -> CpuDevice:
    """This machine's CPU, with compiled kernels in the user's cache; without `choice.threads`, on all cores that the
    process may use. Raises DeviceError (E592, E593, E595, E596) where Numba's settings are incompatible with
    netspec."""
    check_compiler()
    target = host_target()
    target = replace(target, exact=choice.exact, costs=choice.costs or target.costs)
    return CpuDevice(target, choice.threads or usable_cores(), user_cache())
