# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownParameterType=false, reportUnknownArgumentType=false
"""A forward pass as a model of ONNX's, with its weights: what other runtimes read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from netspec.diagnostics.failure import CompilerBug, DataError
from netspec.ir.graph import Graph, Value
from netspec.onnx_file.draft import Array, Draft, Step
from netspec.onnx_file.rules import RULES

if TYPE_CHECKING:
    from onnx import ModelProto, ValueInfoProto

OPSET = 20
"""of ONNX's operators: the first with Gelu"""
IR_VERSION = 9
"""of the file's form: the one that came with that opset"""
IMAGES = "N"
"""The name of the batch axis where its size is left open."""
LARGEST_BYTES = 2**31 - 2**20
"""of all arrays together: a message of protobuf's holds 2 GiB, names and shapes included."""


def onnx_model(graph: Graph, arrays: Mapping[str, Array], images: int | None = None) -> ModelProto:
    """The forward pass `graph`, as `inference` and the passes after it make it, in ONNX.

    It takes float32 (N, *shape) of the graph's input, prepared images, and gives the graph's outputs (N, *shape), all
    under the names that they have in the graph. `arrays` holds the graph's parameters and states by name. N is
    `images`, or any where there are none. Needs the package `onnx`. Raises DataError (E624) where the arrays are larger
    than a file of ONNX's may be.
    """
    draft = written(graph, arrays)
    constants = draft.read_arrays()
    total_bytes = sum(array.nbytes for array in constants.values())
    if total_bytes > LARGEST_BYTES:
        raise DataError(
            "E624",
            f"`{graph.name}` has arrays of {total_bytes / 2**30:.1f} GiB, and an ONNX file holds less than 2 GiB",
        )
    return _model(graph, draft.steps, constants, images)


def write_onnx(path: Path, graph: Graph, arrays: Mapping[str, Array], images: int | None = None) -> None:
    """Writes what `onnx_model` makes. Raises as it does, and OSError."""
    path.write_bytes(onnx_model(graph, arrays, images).SerializeToString())


def written(graph: Graph, arrays: Mapping[str, Array]) -> Draft:
    """Every node of a forward pass, written in order."""
    draft = Draft(arrays)
    for node in graph.nodes:
        rule = RULES.get(type(node.operation))
        if rule is None:
            raise CompilerBug(f"`{node.layer}`: {type(node.operation).__name__} is no operation of a prediction")
        rule(node.operation, node, draft)
    return draft


def _model(graph: Graph, steps: list[Step], constants: Mapping[str, Array], images: int | None) -> ModelProto:
    from onnx import TensorProto, helper, numpy_helper  # noqa: PLC0415 (an extra)

    def described(value: Value) -> ValueInfoProto:
        return helper.make_tensor_value_info(value.name, TensorProto.FLOAT, [images or IMAGES, *value.shape])

    made = helper.make_graph(
        [helper.make_node(s.kind, s.inputs, [s.output], name=s.output, **s.attributes) for s in steps],
        graph.name,
        [described(value) for value in graph.inputs],
        [described(value) for value in graph.outputs],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    opsets = [helper.make_opsetid("", OPSET)]
    return helper.make_model(made, opset_imports=opsets, ir_version=IR_VERSION, producer_name="netspec")
