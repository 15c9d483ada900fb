from typing import get_args

from netspec.ir.operations import LossName
from netspec.kernels.cpu.layers.loss import CODES


def test_every_loss_has_a_code() -> None:
    assert set(CODES) == set(get_args(LossName))
