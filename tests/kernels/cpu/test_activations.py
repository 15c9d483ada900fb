from typing import get_args

from netspec.ir.operations import ActivationName
from netspec.kernels.cpu.layers.activations import CODES


def test_every_function_has_a_code() -> None:
    assert set(CODES) == set(get_args(ActivationName))
