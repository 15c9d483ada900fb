"""What each launch of a program should take on a GPU, which need not be there.

As in `forecast.py` a launch takes as long as its products at the peak, or its bytes at the bandwidth of memory. Each of
its kernels takes a fixed time besides. The ceilings are published ones (`targets/cuda/ceilings.py`).
"""

from __future__ import annotations

from netspec.bench.products import least_direct_flops
from netspec.bench.work import Work, work_of
from netspec.targets.ceilings import Ceilings
from netspec.targets.cuda.program import Launch, Program


def launch_works(program: Program, ceilings: Ceilings) -> tuple[Work, ...]:
    """What each launch of a program does, and should take on a GPU with these ceilings; a launch that calls no kernel,
    as a Reshape is, does nothing."""
    return tuple(_work(launch, program, ceilings) for launch in program.launches if launch.calls)


def _work(launch: Launch, program: Program, ceilings: Ceilings) -> Work:
    return work_of(
        launch,
        program.batch,
        ceilings,
        algorithm=launch.algorithm,
        kernels=tuple(call.kernel for call in launch.calls),
        least_flops=least_direct_flops(launch, program.batch),
    )
