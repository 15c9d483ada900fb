"""Every operation that a checked net holds is written."""

from netspec.ir import operations as ops
from netspec.onnx_file.elementwise import ACTIVATIONS
from netspec.onnx_file.rules import RULES
from tests.ir.checked import CHECKED


def test_every_operation_of_a_checked_graph_has_a_rule() -> None:
    assert RULES.keys() == CHECKED


def test_every_activation_is_written() -> None:
    assert set(ACTIVATIONS) == set(ops.ActivationName.__args__)
