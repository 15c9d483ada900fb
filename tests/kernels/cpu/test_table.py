from typing import get_args

from netspec.ir.operations import Operation
from netspec.kernels.cpu.table import KERNELS


def test_every_operation_has_a_kernel() -> None:
    assert set(KERNELS) == set(get_args(Operation))
