from netspec.autodiff.differentiate import training_step
from netspec.ir import operations as ops
from netspec.ir.graph import Graph
from netspec.ir.operations import Window
from netspec.ir.recipe import Sgd
from netspec.ir.show import show, show_operation
from netspec.passes.optimize import optimize
from tests.ir.nets import Net


def net() -> Graph:
    made = Net((1, 8, 8))
    made.conv(4, bias=False, before=(1, 1), after=(1, 1), rate=0.5)
    made.batchnorm()
    made.activation("leaky_relu")
    made.layer(ops.MaxPool(Window((2, 2), (2, 2))))
    made.layer(ops.Dropout(0.25, stream=0))
    made.dense(3, decay=0.0)
    return made.graph()


def test_a_checked_graph_is_printed_as_equations(golden):
    golden("checked.txt", show(net()))


def test_a_training_step_is_printed_as_equations(golden):
    golden("step.txt", show(optimize(training_step(net(), "cross_entropy", Sgd(0.1, 0.9, 5e-4)))))


def test_an_operation_shows_what_is_not_its_default():
    window = Window((3, 5), stride=(2, 1), after=(0, 1))
    operation = ops.Convolution(window, groups=2, activation=ops.Activation("leaky_relu", 0.2))
    assert show_operation(operation) == (
        "convolution[window=3x5 stride 2x1 after 0x1, groups=2, activation=leaky_relu(0.2)]"
    )
    assert show_operation(ops.Dense()) == "dense"
    assert show_operation(ops.AveragePool(Window((2, 2)), count_pad=True)) == "average_pool[window=2x2, count_pad=True]"
    assert show_operation(ops.Loss("hinge")) == "loss[function=hinge]"
