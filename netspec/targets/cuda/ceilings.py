"""Published ceilings of GPUs: float32 without tensor cores, and memory."""

from __future__ import annotations

from netspec.targets.ceilings import Ceilings
from netspec.targets.cuda.processor import CudaTarget

LAUNCH_SECONDS = 2e-6
"""between the beginnings of two kernels of a graph that depend on each other, in round figures"""
CEILINGS: dict[str, tuple[str, Ceilings]] = {
    # "NVIDIA A100 Tensor Core GPU Architecture" (2020), table 1: the model of 40 GB
    "sm_80": ("A100", Ceilings(19_500, 1_555, LAUNCH_SECONDS)),
    # "NVIDIA Ada GPU Architecture" (2023), appendix A: GeForce RTX 4090
    "sm_89": ("RTX 4090", Ceilings(82_600, 1_008, LAUNCH_SECONDS)),
    # "NVIDIA H100 Tensor Core GPU Architecture" (2022), table 2: the SXM5 model; "NVIDIA H200" data sheet: its memory
    "sm_90": ("H200", Ceilings(66_900, 4_800, LAUNCH_SECONDS)),
    # "NVIDIA HGX B200" data sheet: an eighth of the eight
    "sm_100": ("B200", Ceilings(75_000, 8_000, LAUNCH_SECONDS)),
}
"""A GPU of each architecture, and its ceilings."""


def published_ceilings(target: CudaTarget) -> tuple[str, Ceilings]:
    """The name of a GPU and its ceilings, which stand for a target: of its architecture, else of the next older one."""
    known = [name for name in CEILINGS if _number(name) <= _number(target.name)]
    return CEILINGS[max(known, key=_number, default="sm_80")]


def _number(name: str) -> int:
    return int(name.removeprefix("sm_"))
