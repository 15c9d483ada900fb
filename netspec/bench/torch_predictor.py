# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false, reportUnknownParameterType=false, reportUnknownLambdaType=false
"""The forward pass in PyTorch as prediction runs it: running statistics, no dropout, no gradients, probabilities."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  (PyTorch's own convention)

from netspec.bench.torch_model import RULES, Tensors
from netspec.ir import operations as op
from netspec.ir.graph import Node
from netspec.ir.recipe import Experiment
from netspec.passes.inference import inference
from netspec.passes.probabilities import with_probabilities


def _batch_norm(node: Node, inputs: Tensors) -> Any:
    x, scale, shift, mean, variance = inputs
    kind: op.BatchNorm = node.operation  # pyright: ignore[reportAssignmentType]
    return F.batch_norm(x, mean, variance, scale, shift, False, 0.0, kind.epsilon)


PREDICTION_RULES: dict[type, Callable[[Node, Tensors], Any]] = {**RULES, op.BatchNorm: _batch_norm}


class TorchPredictor:
    """A checked net in PyTorch. Called with a minibatch from `images`, it gives probabilities (N, K)."""

    def __init__(
        self, experiment: Experiment, arrays: dict[str, np.ndarray], *, channels_last: bool, compiled: bool = False
    ) -> None:
        self.graph = with_probabilities(inference(experiment.graph, None), experiment.train.loss)
        self.format = torch.channels_last if channels_last else torch.contiguous_format
        self.values = {name: self.images(array) for name, array in arrays.items()}
        self._run: Callable[[Any], Any] = torch.compile(self._forward) if compiled else self._forward

    def images(self, array: np.ndarray) -> Any:
        """A minibatch (N, *shape), or a weight, as this network wants it."""
        tensor = torch.from_numpy(np.array(array))
        return tensor.contiguous(memory_format=self.format) if tensor.ndim == 4 else tensor

    def __call__(self, x: Any) -> Any:
        with torch.inference_mode():
            return self._run(x)

    def _forward(self, x: Any) -> Any:
        values = {**self.values, self.graph.inputs[0].name: x}
        for node in self.graph.nodes:
            inputs = [values[value.name] for value in node.inputs]
            values[node.outputs[0].name] = PREDICTION_RULES[type(node.operation)](node, inputs)
        return values[self.graph.outputs[0].name]
