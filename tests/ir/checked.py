"""The operations that a checked net holds, before differentiation and passes."""

from netspec.ir import operations as ops

MADE_LATER = {
    ops.BatchNormTraining,
    ops.Loss,
    ops.SgdUpdate,
    ops.DenseWeightUpdate,
    ops.PooledConvolution,
    ops.Slice,
    ops.ChannelSum,
    ops.BatchSum,
}
CHECKED = {kind for kind in ops.Operation.__args__ if not kind.__name__.endswith("Gradient")} - MADE_LATER
