"""Plans for a GPU: of the bundled specs, and of a net with the layers that none of them has."""

from collections.abc import Iterator

from netspec.compiler import evaluation_program, gradient_graph, lower, prediction_program, training_program
from netspec.ir.recipe import Experiment
from netspec.targets.cuda.processor import SM_90, CudaTarget
from netspec.targets.cuda.program import Buffer, Call, Program

BATCH = 64
OTHER_LAYERS = """
net others {
    input 3x8x8
    conv 8 3x3 pad=1
    maxout 2
    upsample 2
    softmax
    dense 12 as first relu
    dense 12 as second
    dense 12 tie=second
    dense 512 as third
    dense 512 as fourth
    dense 512 tie=fourth
    dense 4
}
augment { contrast 0.2 }
train { sgd rate=0.1; batch 64 }
"""


def plans_of(checked: Experiment, target: CudaTarget = SM_90) -> tuple[Program, ...]:
    """Training, evaluation and prediction of a spec."""
    made = (
        training_program(checked, target),
        evaluation_program(checked, target, BATCH),
        prediction_program(checked, target, BATCH),
    )
    return tuple(program for program in made if isinstance(program, Program))


def gradient_plan(checked: Experiment, target: CudaTarget = SM_90) -> Program:
    """The guided gradient of a net's outputs by the image."""
    graph = checked.graph
    made = lower(gradient_graph(graph, graph.outputs[0], graph.inputs[0], guided=True), target, BATCH)
    assert isinstance(made, Program)
    return made


def calls_of(program: Program) -> Iterator[Call[Buffer]]:
    """Every call of a program."""
    yield from program.incoming.calls
    for launch in program.launches:
        yield from launch.calls
    yield from program.collecting
    yield from program.outgoing
