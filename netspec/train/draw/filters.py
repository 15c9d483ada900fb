"""Filters of a layer and its feature maps of an image, as arrays."""

from __future__ import annotations

from netspec.data.dataset import Images
from netspec.diagnostics.failure import UsageError
from netspec.insight.maps import look
from netspec.insight.net import Net
from netspec.ir.graph import Graph, Layer, Value
from netspec.ir.operations import Convolution
from netspec.predict.intake import Intake
from netspec.runtime.device import Device
from netspec.train.step.preparation import crop_pad
from netspec.train.step.scores import Array
from netspec.train.use.trained import Trained


def first_convolution(graph: Graph) -> Layer:
    """The first convolution layer. Raises UsageError (E472) where there is none."""
    for layer in graph.layers:
        if _weight(layer) is not None:
            return layer
    raise UsageError("E472", f"`{graph.name}` has no convolution, so there are no filters to show")


def layer_filters(trained: Trained, layer: Layer) -> Array:
    """The weights (K, C, i, j) of a convolution layer. Raises UsageError (E472) for another layer."""
    weight = _weight(layer)
    if weight is None:
        helps = ("`--image` shows what it makes of an image",) if len(layer.output.shape) == 3 else ()
        raise UsageError("E472", f"`{layer.name}` has no filters: it is no convolution", helps=helps)
    return trained.weights[weight.name]


def _weight(layer: Layer) -> Value | None:
    """The value that holds a layer's filters; a tied layer uses that of another."""
    return next((node.inputs[1] for node in layer.nodes if isinstance(node.operation, Convolution)), None)


def layer_maps(trained: Trained, layer: Layer, images: Images, device: Device) -> Array:
    """Outputs of a layer, its activation included, for images (N, C, H, W) in the units of the data set: (N, K, y, x).

    Raises UsageError (E472) where the layer's output is a flat vector, DeviceError (E590).
    """
    if len(layer.output.shape) != 3:
        raise UsageError("E472", f"`{layer.name}` gives {layer.output.elements} numbers and no maps")
    graph, preparation = trained.experiment.graph, trained.preparation
    pad = crop_pad(trained.experiment)
    intake = Intake(preparation.shape, preparation.mean, preparation.deviation, pad, preparation.levels)
    shown = intake.normal(images, graph.inputs[0].shape)
    return look(Net(graph, trained.weights, device), shown, [layer])[layer.name]
