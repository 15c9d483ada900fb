"""Counts are the sizes that the plan really allocates, for random nets."""

from hypothesis import given, settings

from netspec.compiler import training_program
from netspec.counting.table import count
from netspec.diagnostics.text import Source
from netspec.frontend import check_experiment
from netspec.ir.initialize import initialize
from netspec.ir.memory import FLOAT_BYTES
from netspec.targets.cpu.processor import TARGETS
from tests.strategies import valid_specs


@given(text=valid_specs())
def test_parameters_are_the_arrays_that_are_initialised(text: str):
    graph = check_experiment(Source("<random>", text)).graph
    counted, made = count(graph), initialize(graph, seed=1)
    assert counted.parameters == sum(made[parameter.value.name].size for parameter in graph.parameters)
    assert counted.statistics == sum(made[state.value.name].size for state in graph.states)


@settings(max_examples=15)
@given(text=valid_specs())
def test_counts_are_the_bytes_of_their_buffers(text: str):
    """A parameter's buffer holds its numbers; a layer's output takes its bytes for every image of the batch."""
    experiment = check_experiment(Source("<random>", text))
    counted = count(experiment.graph)
    for target in TARGETS.values():
        program = training_program(experiment, target, batch=2 * target.lanes)
        kept = sum(program.buffers[p.value.name].size_bytes for p in experiment.graph.parameters)
        assert kept == counted.parameters * FLOAT_BYTES
        for row, layer in zip(counted.layers, experiment.graph.layers, strict=True):
            buffer = program.buffers.get(layer.output.name)
            assert buffer is None or buffer.size_bytes >= row.activation_bytes * program.batch
        assert program.peak_bytes >= kept


@given(text=valid_specs())
def test_layers_add_up_to_the_graph(text: str):
    """Every parameter belongs to one layer, every layer's shape is the one of its value."""
    graph = check_experiment(Source("<random>", text)).graph
    owned = [name for layer in graph.layers for name in layer.owned]
    assert sorted(owned) == sorted(parameter.value.name for parameter in graph.parameters)
    assert [row.shape for row in count(graph).layers] == [layer.output.shape for layer in graph.layers]
