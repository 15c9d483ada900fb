"""Every operation that a checked net holds is written."""

from netspec.ir import operations as ops
from netspec.onnx_file.elementwise import ACTIVATIONS
from netspec.onnx_file.rules import RULES


def test_every_operation_of_a_checked_graph_has_a_rule() -> None:
    made_later = {
        ops.BatchNormTraining,
        ops.Loss,
        ops.LossGradient,
        ops.SgdUpdate,
        ops.DenseWeightUpdate,
        ops.PooledConvolution,
        ops.Slice,
        ops.ChannelSum,
        ops.BatchSum,
    }
    operations = {kind for kind in ops.Operation.__args__ if not kind.__name__.endswith("Gradient")}
    assert RULES.keys() == operations - made_later


def test_every_activation_is_written() -> None:
    assert set(ACTIVATIONS) == set(ops.ActivationName.__args__)
