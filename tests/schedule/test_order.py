"""Updates move up, and nothing else moves."""

from hypothesis import assume, given

from netspec.diagnostics.failure import SpecError
from netspec.schedule.order import launch_order
from tests.schedule.nets import spec_texts, step_of


@given(spec_texts())
def test_every_launch_finds_its_inputs_and_no_old_array_is_read_after_its_update(text: str) -> None:
    try:
        graph = step_of(text)
    except SpecError:
        assume(False)
        return
    order = launch_order(graph)
    assert sorted(map(id, order)) == sorted(map(id, graph.nodes))
    kept = (*(parameter.value for parameter in graph.parameters), *(state.value for state in graph.states))
    known = {value.name for value in (*graph.inputs, *kept)}
    old_of = {update.new.name: update.old.name for update in graph.updates}
    for node in order:
        assert {value.name for value in node.inputs} <= known
        known |= {value.name for value in node.outputs}
        known -= {old_of[value.name] for value in node.outputs if value.name in old_of}


def test_an_update_runs_as_soon_as_its_gradient_is_there_and_its_weight_is_read_no_more() -> None:
    graph = step_of("net t {\ninput 3\ndense 4\ndense 2\n}\ntrain { sgd rate=0.1 }")
    names = [(type(node.operation).__name__, node.layer) for node in launch_order(graph)]
    update = names.index(("SgdUpdate", "dense2"))
    assert update < names.index(("DenseWeightGradient", "dense1"))
