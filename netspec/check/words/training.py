"""What is said about `train`, `data` and `augment` blocks that do not fit together or the net (E401 to E410, W206)."""

from __future__ import annotations

from netspec.check.words.phrases import code, either, error, many, size, warning
from netspec.diagnostics.message import Diagnostic, Label
from netspec.diagnostics.text import Span
from netspec.ir.graph import Layer, Shape
from netspec.syntax.tree import Name


def loss_needs_classes(span: Span, output: Layer) -> Diagnostic:
    return error(
        "E401",
        "`cross_entropy` needs at least two outputs, one a class; this net has one",
        span,
        "does not fit the output",
        secondary=(Label(output.span, "one output"),),
        helps=("use `binary_cross_entropy`, or give the last layer one output for each class",),
    )


def loss_takes_logits(loss: str, span: Span, softmax: Layer) -> Diagnostic:
    return error(
        "E402",
        f"`{loss}` takes the numbers before a softmax, and this net ends in one",
        span,
        "would take the softmax twice" if loss == "cross_entropy" else "takes logits",
        secondary=(Label(softmax.span, "drop this layer"),),
        notes=("the loss computes its own softmax; `predict` shows probabilities either way",),
    )


def output_not_flat(shape: Shape, span: Span, output: Layer) -> Diagnostic:
    return error(
        "E403",
        f"a loss needs a flat vector, and this net produces {size(shape)}",
        span,
        "does not fit the output",
        secondary=(Label(output.span, f"this layer produces {size(shape)}"),),
        helps=("end with `dense K`, or with `pool avg global` and `flatten`",),
    )


def sigmoid_before_loss(loss: str, span: Span, output: Layer) -> Diagnostic:
    return warning(
        "W206",
        f"`{loss}` takes logits, and this net ends in a sigmoid",
        span,
        "would take the sigmoid twice",
        secondary=(Label(output.span, "without `sigmoid` it learns faster"),),
    )


def step_times(span: Span, given: bool) -> Diagnostic:
    found = "both `every` and `at`" if given else "neither"
    return error(
        "E404",
        f"schedule `step` needs either `every` or `at`, found {found}",
        span,
        "when the steps come",
        helps=("write `schedule step every=10`, or `schedule step at=(30 60 80)`",),
    )


def kind_left_out(key: Name, kinds: tuple[str, ...]) -> Diagnostic:
    outside = key.span.source.name.startswith("--")
    way = "add {}" if outside else "write {}, then its attributes"
    ways = either([f"{'--set train.schedule=' if outside else 'schedule '}{kind}" for kind in kinds])
    return error(
        "E230",
        f"{code(key.text)} needs the kind of its schedule",
        key.span,
        "belongs to " + either(kinds),
        notes=("a schedule without a kind is `constant`",),
        helps=(way.format(ways),),
    )


def beyond_the_end(what: str, epochs: int, effect: str, span: Span, end: Span | None) -> Diagnostic:
    """`what` is the time as it is written (`warmup=20`), `effect` what comes of it within `epochs`."""
    lasts = f"{epochs:,} epoch{'' if epochs == 1 else 's'}"
    return warning(
        "W210",
        f"{code(what)} is too late for a training of {lasts}",
        span,
        effect,
        secondary=() if end is None else (Label(end, f"the training ends after {lasts}"),),
    )


def crop_against_input(crop: Shape, image: Shape, span: Span, net_input: Span) -> Diagnostic:
    return error(
        "E405",
        f"the crop gives {size(crop)}, the net takes {size(image)}",
        span,
        f"must be {size(image)}",
        secondary=(Label(net_input, "the net's input"),),
    )


def transform_of_a_vector(kind: str, span: Span, net_input: Span) -> Diagnostic:
    return error(
        "E405",
        f"{code(kind)} needs images, and this net takes a vector",
        span,
        "no rows and columns to work on",
        secondary=(Label(net_input, "the net's input"),),
    )


def nothing_to_watch(what: str, span: Span, data: Span) -> Diagnostic:
    return error(
        "E406",
        f"`{what}` watches the validation loss, and no data are held out",
        span,
        "nothing to watch",
        secondary=(Label(data, "add `validate=0.1` here"),),
    )


def nesterov_without_momentum(span: Span) -> Diagnostic:
    return warning(
        "W208",
        "`nesterov` without momentum is plain gradient descent",
        span,
        "changes nothing",
        helps=("add `momentum=0.9`",),
    )


def classes_against_outputs(kept: int, outputs: int, span: Span, output: Layer) -> Diagnostic:
    return error(
        "E407",
        f"{kept} classes are kept, and the net has {outputs} outputs",
        span,
        "does not fit the output",
        secondary=(Label(output.span, f"{outputs} outputs"),),
    )


def one_class(span: Span) -> Diagnostic:
    return error("E407", "`classes` keeps a single class: there is nothing to tell apart", span, "name at least two")


def white_not_above_black(black: float, white: float, span: Span, other: Span) -> Diagnostic:
    return error(
        "E561",
        f"white, {white:g}, is not above black, {black:g}",
        span,
        f"above {black:g} is allowed",
        secondary=(Label(other, "black"),),
        helps=("`black` is the smaller number",),
    )


def unknown_setting(path: str, span: Span, near: tuple[str, ...]) -> Diagnostic:
    return error(
        "E227",
        f"nothing can be set at {code(path)}",
        span,
        "unknown",
        helps=(f"did you mean `{near[0]}`?",)
        if near
        else ("a setting is `data.NAME=…`, `augment.LINE=…` or `train.LINE.NAME=…`",),
    )


def unknown_parameter(name: str, net: str, span: Span, known: tuple[str, ...], near: tuple[str, ...]) -> Diagnostic:
    takes = f"it takes {', '.join(code(one) for one in known)}" if known else "it takes none"
    helps = (f"did you mean `{near[0]}`?",) if near else ()
    return error("E226", f"net {code(net)} has no parameter {code(name)}", span, takes, helps=helps)


def parameter_without_value(name: str, net: str, span: Span) -> Diagnostic:
    return error(
        "E226",
        f"parameter {code(name)} of net {code(net)} has no value",
        span,
        "needs a default",
        helps=(f"write `{name}=32` here, or give it from outside with `--with {name}=32`",),
    )


def data_without_source(span: Span) -> Diagnostic:
    return error(
        "E203",
        "`data` needs a data set",
        span,
        "missing name or path",
        helps=('write `data mnist`, or a path such as `data "images.gz" labels="labels.gz"`',),
    )


def unknown_data(name: str, span: Span, near: tuple[str, ...], known: tuple[str, ...]) -> Diagnostic:
    others = (f"built in are {', '.join(code(one) for one in known)}", "a file or folder stands in quotes")
    return error(
        "E207",
        f"unknown data set {code(name)}",
        span,
        "not a built-in set",
        helps=(f"did you mean {either(near)}?",) if near else others,
        repair=near[0] if len(near) == 1 else None,
    )


def nothing_to_normalise(span: Span, layer: Layer, *, lone: bool) -> Diagnostic:
    shape, channels = layer.inputs[0].shape, layer.inputs[0].shape[0]
    return error(
        "E410",
        "`batchnorm` needs more than one number a channel, and a minibatch of one image gives it one",
        span,
        "one image a minibatch" if lone else "one image to train on",
        secondary=(Label(layer.span, f"normalises {size(shape)}: {many(channels, 'channel')} of one number each"),),
        notes=("a number less its own mean is zero, whatever the image, so nothing would be learnt",),
        helps=("use a larger `batch`" if lone else "train on more images", f"or leave out {code(layer.name)}"),
    )
