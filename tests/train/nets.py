"""A small graph made by hand, for what needs names and shapes only."""

from netspec.diagnostics.text import Source, Span
from netspec.ir.graph import Graph, Initial, Layer, Node, Parameter, State, Value
from netspec.ir.operations import BatchNorm, Dense

SOURCE = Source("small.net", "net small { input 3; batchnorm; dense 2 }\n")


def small_graph() -> Graph:
    """Batchnorm and dense on three numbers: two parameters and two states, then a weight and a bias."""
    image, normal, logits = Value("input", (3,)), Value("batchnorm1", (3,)), Value("dense1", (2,))
    kept = {name: Value(f"batchnorm1.{name}", (3,), batched=False) for name in ("scale", "shift", "mean", "variance")}
    weight, bias = Value("dense1.weight", (2, 3), batched=False), Value("dense1.bias", (2,), batched=False)
    normalise = Node(BatchNorm(), (image, *kept.values()), (normal,), "batchnorm1")
    dense = Node(Dense(), (normal, weight, bias), (logits,), "dense1")
    return Graph(
        name="small",
        inputs=(image,),
        parameters=(
            Parameter(kept["scale"], Initial("ones")),
            Parameter(kept["shift"], Initial("zeros")),
            Parameter(weight, Initial("xavier", fan_in=3, fan_out=2)),
            Parameter(bias, Initial("zeros")),
        ),
        states=(State(kept["mean"], Initial("zeros")), State(kept["variance"], Initial("ones"))),
        nodes=(normalise, dense),
        outputs=(logits,),
        layers=(
            Layer("input", "input", span("input 3"), (), image, (), (), ()),
            Layer("batchnorm1", "batchnorm", span("batchnorm"), (image,), normal, (normalise,), (), ()),
            Layer("dense1", "dense", span("dense 2"), (normal,), logits, (dense,), (), ()),
        ),
    )


def span(text: str) -> Span:
    """Where these words stand in the spec."""
    start = SOURCE.text.index(text)
    return Span(SOURCE, start, start + len(text))
