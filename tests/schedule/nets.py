"""Training steps to plan: of small nets built at random, and of the bundled specs."""

from pathlib import Path

from hypothesis import strategies as st

from netspec.autodiff.differentiate import training_step
from netspec.compiler import step_graph
from netspec.diagnostics.text import Source
from netspec.frontend import check, read_source
from netspec.ir.graph import Graph
from netspec.ir.recipe import Experiment
from netspec.resources import specs_folder

LAYERS = st.sampled_from(
    (
        "conv 3 3x3 pad=1 relu",
        "conv 4 3x2 stride=2 pad=1 nobias gelu",
        "conv 4 1x1; batchnorm relu",
        "depthwise 3x3 pad=same",
        "pool max 2x2 round=ceil",
        "pool avg 2x2 stride=1",
        "batchnorm",
        "lrn",
        "relu",
        "dropout 0.3",
        "sum { conv 4 3x3 pad=1 } { conv 4 1x1 } relu",
        "concat { conv 2 1x1 } {} ",
        "upsample 2",
    )
)
HEADS = st.sampled_from(("dense 5 tanh", "flatten", "dense 7 relu; dropout 0.5", "pool avg global"))


@st.composite
def spec_texts(draw: st.DrawFn) -> str:
    """A net of up to six layers on 2x12x11 images, and a recipe with or without momentum."""
    body = "\n".join(draw(st.lists(LAYERS, max_size=6)))
    momentum = draw(st.sampled_from(("", " momentum=0.9", " momentum=0.9 nesterov")))
    return f"net t {{\ninput 2x12x11\n{body}\n{draw(HEADS)}\ndense 3\n}}\ntrain {{ sgd rate=0.1{momentum} }}\n"


def experiment(text: str) -> Experiment:
    """A spec's text, checked."""
    checked = check(Source("test.net", text))
    assert isinstance(checked, Experiment)
    return checked


def bundled(name: str) -> Experiment:
    """A bundled spec, checked."""
    checked = check(read_source(Path(specs_folder()) / f"{name}.net"))
    assert isinstance(checked, Experiment)
    return checked


def step_of(text: str) -> Graph:
    """The training step of a spec's text, not optimised."""
    net = experiment(text)
    return training_step(net.graph, net.train.loss, net.train.sgd)


__all__ = ["bundled", "experiment", "spec_texts", "step_graph", "step_of"]
