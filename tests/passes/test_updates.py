from netspec.autodiff.differentiate import training_step
from netspec.ir import operations as ops
from netspec.ir.graph import Graph
from netspec.ir.recipe import Sgd
from netspec.passes.updates import fuse_updates
from netspec.schedule.order import launch_order
from tests.ir.nets import Net
from tests.passes.test_optimize import same_results

SGD = Sgd(0.1, 0.9, 0.01, nesterov=True)


def kinds(graph: Graph) -> list[type]:
    return [type(node.operation) for node in graph.nodes]


def test_a_dense_layer_s_gradient_moves_its_weights() -> None:
    net = Net((5,))
    net.dense(4)
    net.activation("relu")
    net.dense(2)
    before = training_step(net.graph(), "hinge", SGD)
    after = fuse_updates(before)
    same_results(before, after, 3, 4)
    assert kinds(before).count(ops.DenseWeightGradient) == kinds(after).count(ops.DenseWeightUpdate) == 2
    assert ops.DenseWeightGradient not in kinds(after)
    assert {node.layer for node in after.nodes if isinstance(node.operation, ops.SgdUpdate)} == {"dense1", "dense3"}


def test_it_runs_as_soon_as_nothing_reads_the_old_weights() -> None:
    net = Net((5,))
    net.dense(4)
    net.dense(2)
    order = launch_order(fuse_updates(training_step(net.graph(), "hinge", SGD)))
    names = [(type(node.operation), node.layer) for node in order]
    read = names.index((ops.DenseInputGradient, "dense2"))
    assert read < names.index((ops.DenseWeightUpdate, "dense2")) <= read + 2


def test_tied_weights_keep_the_sum_of_their_gradients() -> None:
    net = Net((4,))
    weight = net.parameter("weight", 4, 4)
    net.layer(ops.Dense(), parameters=(weight,))
    net.layer(ops.Dense(), parameters=(weight,), owned=False)
    before = training_step(net.graph(), "hinge", SGD)
    assert fuse_updates(before) == before
