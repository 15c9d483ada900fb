"""Deconvolution: the input gradient of a convolution, then bias and activation."""

from netspec.ir import operations as ops
from netspec.kernels.cpu.language.planes import epilogue_of, planes
from netspec.kernels.cpu.language.rows import Row, place
from netspec.kernels.cpu.sliding.convolution_rows import activation_pass, adjoint_rows
from netspec.kernels.cpu.sliding.packing import Weights
from netspec.targets.cpu.program import Launch, Program


def deconvolution_rows(launch: Launch, program: Program) -> tuple[Row, ...]:
    """Rows of the convolution whose outputs are the input planes of this operation; w is (C, K, kh, kw)."""
    op = launch.operation
    assert isinstance(op, ops.Deconvolution)
    x, w, *bias = launch.inputs
    c, k, kh, kw = w.value.shape
    weights = Weights(place(w), k, c, kh * kw, k * kh * kw, kw)
    source, result = planes(x, program), planes(launch.outputs[0], program)
    rows = adjoint_rows(launch, program, op.window, source, result, weights, epilogue_of(bias, op.activation))
    return (*rows, *activation_pass(op.activation, launch, program))
