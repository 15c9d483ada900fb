from netspec.autodiff.differentiate import training_step
from netspec.ir.operations import Activation, BatchNormAddGradient, BatchNormGradient
from netspec.ir.recipe import Sgd
from netspec.passes.optimize import optimize
from tests.ir.nets import Net
from tests.passes.test_batch_norms import nodes, residual


def test_of_the_gradients_that_read_a_cotangent_the_first_makes_it():
    after = optimize(residual(project=True))
    (giving,) = nodes(after, BatchNormAddGradient)
    plain = [node for node in nodes(after, BatchNormGradient) if node.operation == BatchNormGradient()]
    assert [node.inputs[-1] for node in plain] == [giving.outputs[-1]]


def test_a_gradient_takes_the_activation_from_x_alone():
    net = Net((2, 4, 4))
    net.conv(3)
    net.batchnorm()
    net.activation("relu6")
    net.dense(2)
    (node,) = nodes(optimize(training_step(net.graph(), "hinge", Sgd())), BatchNormGradient)
    assert node.operation == BatchNormGradient(Activation("relu6"))
    assert [value.name for value in node.inputs[:1]] == ["convolution1"]
