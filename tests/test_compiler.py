"""What checking, counting and planning cost grows with the net as the net does."""

from collections.abc import Callable

import pytest

from netspec.compiler import (
    evaluation_program,
    forward_program,
    gradient_graph,
    lower,
    maps_graph,
    prediction_program,
    training_program,
)
from netspec.counting.table import count
from netspec.diagnostics.text import Source
from netspec.frontend import check_experiment
from netspec.ir.graph import Value
from netspec.ir.recipe import Experiment
from netspec.targets.cpu.processor import AVX2
from netspec.targets.cpu.processor import TARGETS as CPU_TARGETS
from netspec.targets.cuda.processor import TARGETS as CUDA_TARGETS
from netspec.targets.target import Target
from tests.turns import turns


def _reading_back(number: int) -> str:
    """Every layer's output is read once more, the last one's first: all of them live at the same time."""
    down = "; ".join(f"dense 600 relu as down{k}x" for k in range(number))
    return f"input 600; {down}; {'; '.join(f'sum {{}} {{ use down{k}x }}' for k in reversed(range(number)))}"


NETS: dict[str, Callable[[int], str]] = {
    "convolutions": lambda n: f"input 3x8x8; repeat {n} {{ conv 8 3x3 pad=1 relu }}",
    "convolutions of images whose every layer is kept": lambda n: (
        f"input 3x16x16; repeat {n} {{ conv 16 3x3 pad=1 gelu; conv 8 1x1 sigmoid }}"
    ),
    "residual blocks": lambda n: (
        f"input 8x8x8; repeat {n} {{ sum {{ conv 8 3x3 pad=1; batchnorm relu; conv 8 1x1; batchnorm }} {{}}; relu }}"
    ),
    "one dense layer after another": lambda n: f"input 64; repeat {n} {{ dense 64; batchnorm relu; dropout 0.1 }}",
    "weights that all layers share": lambda n: f"input 16; dense 16 as a; repeat {n} {{ dense 16 tie=a relu }}",
    "branches side by side": lambda n: f"input 16; sum {' '.join('{ dense 16 }' for _ in range(n))}",
    "joins of channels": lambda n: f"input 1x8x8; repeat {n} {{ concat {{ conv 1 1x1 }} {{ conv 1 3x3 pad=1 }} }}",
    "pools behind an activation": lambda n: (
        f"input 2x9x9; conv 2 1x1 relu; repeat {n} {{ pool max 3x3 stride=1 pad=1 }}"
    ),
    "down and up again": lambda n: f"input 2x8x8; repeat {n} {{ pool avg 2; conv 2 3x3 pad=1; upsample 2 }}",
    "outputs that are read again far behind": _reading_back,
}


def outputs(experiment: Experiment) -> tuple[Value, ...]:
    """Of all layers, the image first."""
    return tuple(layer.output for layer in experiment.graph.layers)


STAGES: dict[str, Callable[[Experiment], object]] = {
    "count": lambda experiment: count(experiment.graph),
    "training": lambda experiment: training_program(experiment, AVX2, 64),
    "evaluation": lambda experiment: evaluation_program(experiment, AVX2, 64),
    "prediction": lambda experiment: prediction_program(experiment, AVX2, 1),
    "maps": lambda experiment: forward_program(maps_graph(experiment.graph, outputs(experiment)), AVX2, 1),
    "gradient": lambda experiment: lower(
        gradient_graph(experiment.graph, outputs(experiment)[-1], outputs(experiment)[0], guided=True), AVX2, 8
    ),
}


def work(net: Callable[[int], str], number: int) -> dict[str, int]:
    """Lines of netspec run by each stage on a net of about `number` layers."""
    source = Source("<test>", f"net n {{ {net(number)}; dense 10 }}")
    experiment = check_experiment(source)
    done = {stage: turns(lambda run=run: run(experiment)) for stage, run in STAGES.items()}
    return {"check": turns(lambda: check_experiment(source)), **done}


@pytest.mark.parametrize("name", NETS)
def test_eight_times_the_layers_are_little_more_than_eight_times_the_work(name: str):
    few, many = work(NETS[name], 10), work(NETS[name], 80)
    assert {stage: many[stage] / few[stage] for stage in few if many[stage] > 10 * few[stage]} == {}


def test_a_thousand_pools_behind_an_activation_are_planned():
    text = "net n { input 1x3x3; conv 1 1x1 relu; repeat 1100 { pool max 3x3 stride=1 pad=1 }; dense 2 }"
    experiment = check_experiment(Source("<test>", text))
    assert len(training_program(experiment, AVX2, 2).launches) > 2200


@pytest.mark.parametrize("target", [*CPU_TARGETS.values(), *CUDA_TARGETS.values()], ids=lambda target: target.name)
@pytest.mark.parametrize("batch", [1, 5, 16])
def test_maps_and_gradients_are_planned_for_every_target(target: Target, batch: int):
    """A plan is verified as it is made."""
    text = """net n { input 3x17x15; conv 16 3x3 pad=1; batchnorm relu; pool max 2x2; dropout 0.5
        sum { conv 16 3x3 pad=1 relu6 } {} relu; lrn; local 4 3x3; deconv 4 2x2 stride=2; pool avg global; dense 3 }"""
    experiment = check_experiment(Source("<test>", text))
    maps = forward_program(maps_graph(experiment.graph, outputs(experiment)), target, batch)
    assert [value.shape for value in maps.outputs] == [value.shape for value in outputs(experiment)]
    image, *layers = outputs(experiment)
    for of in layers:
        graph = gradient_graph(experiment.graph, of, image, guided=True)
        program = lower(graph, target, batch)
        assert [value.shape for value in program.outputs] == [of.shape, image.shape, image.shape]
        assert [value.name for value in program.inputs] == ["input", f"{program.outputs[0].name}.cotangent"]
