import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.diagnostics.failure import CompilerBug
from netspec.ir import operations as ops
from netspec.ir.operations import Operation, Window
from netspec.ir.shapes import output_shapes, window_input, window_output
from netspec.ir.traced import Traced
from tests.ir.cases import sliding

SMALL = Window((3, 3))


@st.composite
def windows(draw):
    return sliding(draw)


@given(windows())
def test_the_window_formula_counts_the_places_where_a_window_fits(case):
    window, size = case
    for axis in (0, 1):
        reach = window.dilation[axis] * (window.kernel[axis] - 1)
        starts = range(-window.before[axis], size[axis] + window.after[axis] - reach, window.stride[axis])
        assert window_output(window, size)[axis] == len(starts)


@given(windows(), st.tuples(st.integers(3, 9), st.integers(3, 9)))
def test_the_inverse_gives_the_smallest_size_over_which_the_window_makes_as_many(case, out):
    window, _ = case
    size = window_input(window, out)
    if min(size) >= 1:
        assert window_output(window, size) == out
        assert min(np.subtract(out, window_output(window, (size[0] - 1, size[1] - 1)))) == 1


BAD: list[tuple[Operation, tuple[tuple[int, ...], ...], tuple[tuple[int, ...], ...]]] = [
    (ops.Convolution(SMALL), ((2, 5, 5), (4, 3, 3, 3)), ()),
    (ops.Convolution(SMALL), ((2, 5, 5), (4, 2, 3, 3), (3,)), ()),
    (ops.Convolution(SMALL), ((2, 2, 2), (4, 2, 3, 3)), ()),
    (ops.Convolution(SMALL, groups=2), ((3, 5, 5), (4, 1, 3, 3)), ()),
    (ops.Convolution(SMALL), ((50,), (4, 2, 3, 3)), ()),
    (ops.ConvolutionInputGradient(SMALL), ((4, 3, 3), (4, 2, 3, 3)), ((2, 6, 5),)),
    (ops.ConvolutionInputGradient(SMALL), ((4, 3, 3), (4, 2, 3, 3)), ()),
    (ops.ConvolutionWeightGradient(SMALL), ((2, 5, 5), (4, 2, 3)), ()),
    (ops.Deconvolution(SMALL), ((2, 5, 5), (3, 2, 3, 3)), ()),
    (ops.Local(SMALL), ((2, 5, 5), (4, 3, 2, 2, 3, 3)), ()),
    (ops.LocalInputGradient(SMALL), ((4, 3, 3), (4, 3, 3, 2, 3, 3)), ((2, 5, 6),)),
    (ops.LocalWeightGradient(SMALL), ((2, 5, 5), (4, 3, 2)), ()),
    (ops.Dense(), ((2, 5, 5), (4, 49)), ()),
    (ops.Dense(), ((2, 5, 5), (4, 5, 5, 2)), ()),
    (ops.DenseInputGradient(), ((4,), (4, 2, 5, 5)), ((2, 5, 5),)),
    (ops.DenseWeightGradient(), ((2, 5, 5), (4, 2, 1)), ()),
    (ops.DenseInputGradient(), ((4,), (4, 50)), ((2, 5, 4),)),
    (ops.MaxPoolGradient(SMALL), ((2, 3, 3), (2, 3, 2)), ((2, 5, 5),)),
    (ops.AveragePoolGradient(SMALL), ((2, 3, 3),), ((2, 6, 6),)),
    (ops.UpsampleGradient(2), ((2, 3, 4),), ()),
    (ops.BatchNorm(), ((2, 3, 3), (2,), (2,), (2,), (3,)), ()),
    (ops.BatchNormInputGradient(), ((2, 3, 3), (2,), (3,)), ()),
    (ops.BatchNormTraining(), ((2, 3, 3), (2,), (1,), (2,), (2,)), ()),
    (ops.BatchNormTraining(), ((2, 3, 3), (2,), (2,), (2,), (2,), (2, 3)), ()),
    (ops.BatchNormGradient(), ((2, 3, 3), (2,), (2,), (2,), (2,), (2, 3)), ()),
    (ops.BatchNormAddGradient(), ((2, 3, 3), (2,), (2,), (2,), (2, 3)), ()),
    (ops.BatchNormAddGradient(ops.Activation("relu")), ((2, 3, 3), (2,), (2,), (2,), (2, 3, 3)), ()),
    (ops.Maxout(2), ((3,),), ()),
    (ops.MaxoutGradient(2), ((4,), (2,), (3,)), ()),
    (ops.Reshape(), ((4, 2),), ((7,),)),
    (ops.Add(), ((4, 2), (4, 3)), ()),
    (ops.Concatenate(), ((4, 2, 2), (4, 2, 3)), ()),
    (ops.Slice(1, 5), ((4, 2),), ()),
    (ops.Slice(2, 2), ((4, 2),), ()),
    (ops.Loss("hinge"), ((4, 1, 1), ()), ()),
    (ops.LossGradient("hinge"), ((4,), (1,)), ()),
    (ops.SgdUpdate(0.9, False, 0.0), ((4,), (4,), (3,), ()), ()),
    (
        ops.PooledConvolution(ops.Convolution(Window((3, 3))), ops.MaxPool(Window((2, 2)))),
        ((2, 4, 4), (5, 3, 3, 3)),
        ((5, 1, 1),),
    ),
    (ops.DenseWeightUpdate(ops.SgdUpdate(0.0, False, 0.0)), ((2, 3), (4,), (4, 5), ()), ()),
    (ops.ActivationGradient("relu"), ((4,), (3,)), ()),
    (ops.GuidedGradient("relu"), ((4,), (3,)), ()),
]


@pytest.mark.parametrize(("operation", "inputs", "declared"), BAD, ids=lambda case: type(case).__name__)
def test_inputs_that_do_not_fit_are_refused(operation, inputs, declared):
    with pytest.raises(CompilerBug, match="shapes do not fit"):
        output_shapes(operation, inputs, declared)


def test_traced_sizes_stay_traced():
    size, kernel = Traced(32, "D"), Traced(5, "K")
    border = (kernel - 1) // 2
    window = Window((kernel, kernel), before=(border, border), after=(border, border))
    (shape,) = output_shapes(ops.Convolution(window), ((1, size, size), (3, 1, kernel, kernel)))
    assert shape == (3, 32, 32)
    assert isinstance(shape[1], Traced)
    (flat,) = output_shapes(ops.Reshape(), ((3, size, size),))[0]
    assert isinstance(flat, Traced)
    (joined,) = output_shapes(ops.Concatenate(), ((size,), (kernel,)))[0]
    assert (joined, isinstance(joined, Traced)) == (37, True)
