"""What is said about shapes that do not fit (E301 to E306, E309), with the way the shape came about."""

from __future__ import annotations

from netspec.check.net.flow import Flow
from netspec.check.words.phrases import code, error, size, warning
from netspec.diagnostics.message import Diagnostic, Label
from netspec.diagnostics.text import Span
from netspec.ir.graph import Shape
from netspec.ir.operations import Pair, Window

LONGEST_CHAIN = 10
"""Layers of a branch that are shown, the last ones."""
MOST_BRANCHES = 8
"""Branches that a message describes."""


def origin(flow: Flow) -> Label:
    """Under the layer that made a shape."""
    what = "the input is" if flow.kind == "input" else "this layer produces"
    return Label(flow.span, f"{what} {size(flow.value.shape)}")


def extent(shape: Shape) -> str:
    """Height and width of an image: one number when they are equal."""
    height, width = shape[-2], shape[-1]
    return str(int(height)) if height == width else f"{height}x{width}"


def chain(flow: Flow) -> str:
    """`height and width: 32 -> conv 30 -> pool 15`: the layers that changed them."""
    steps = ("…" if step is None else f"{step.kind} {extent(step.shape)}" for step in flow.way)
    return f"height and width: {' -> '.join(steps).removeprefix('input ')}"


def does_not_fit(owner: str, window: Window, flow: Flow, span: Span, shrinks: str | None) -> Diagnostic:
    """E301; `shrinks` is the kind of an earlier layer that made the image smaller."""
    height, width = flow.value.shape[-2:]
    reach = (1 + window.dilation[0] * (window.kernel[0] - 1), 1 + window.dilation[1] * (window.kernel[1] - 1))
    spread = f", {size(reach)} with its dilation," if reach != window.kernel else ""
    padded = (
        f" padded to {size((height + 2 * window.before[0], width + 2 * window.before[1]))}"
        if any(window.before)
        else ""
    )
    what = "window" if owner == "pool" else "kernel"
    return error(
        "E301",
        f"{what} {size(window.kernel)}{spread} does not fit in a {size((height, width))} input{padded}",
        span,
        "larger than its input",
        secondary=(origin(flow),),
        notes=(chain(flow),),
        helps=(_ways_to_fit(owner, window, (height, width), reach, shrinks),),
    )


def _ways_to_fit(owner: str, window: Window, inputs: Pair, reach: Pair, shrinks: str | None) -> str:
    need = max(-(-(reach[axis] - inputs[axis]) // 2) for axis in (0, 1))
    room = min((inputs[axis] + 2 * window.before[axis] - 1) // window.dilation[axis] + 1 for axis in (0, 1))
    ways = [f"add `pad={need}`"] if owner != "pool" else []
    ways.append(f"use a {'window' if owner == 'pool' else 'kernel'} of at most {room}")
    if shrinks is not None:
        ways.append(f"drop a `{shrinks}`")
    return ways[0] if len(ways) == 1 else f"{', '.join(ways[:-1])}{',' if len(ways) > 2 else ''} or {ways[-1]}"


def needs_image(owner: str, flow: Flow, span: Span) -> Diagnostic:
    return error(
        "E302",
        f"`{owner}` needs an image, channels x height x width, found a flat vector of {flow.value.shape[0]}",
        span,
        "its input is flat",
        secondary=(origin(flow),),
        helps=("put it before the layer that flattens",),
    )


def too_large(owner: str, shape: Shape, limit: int, span: Span) -> Diagnostic:
    return error(
        "E303",
        f"`{owner}` makes {size(shape)}: too large",
        span,
        f"more than {limit:,} numbers",
        notes=("an activation of one image holds at most 2^31 numbers",),
    )


def branches_disagree(
    owner: str, what: str, branches: tuple[tuple[Span, Flow], ...], start: Flow | None, span: Span
) -> Diagnostic:
    labels = tuple(Label(place, f"this branch gives {size(flow.value.shape)}") for place, flow in branches)
    notes = tuple(f"branch {k}: {_branch_chain(flow, start)}" for k, (_, flow) in enumerate(branches, 1))
    return error(
        "E304",
        f"the branches of `{owner}` differ in {what}",
        span,
        "cannot be joined",
        secondary=labels[:MOST_BRANCHES],
        notes=notes[:MOST_BRANCHES],
    )


def _branch_chain(flow: Flow, start: Flow | None) -> str:
    """`1x28x28 -> conv 8x26x26`, from where the branches part."""
    steps: list[str] = []
    for step in flow.history():
        if step is start:
            steps.append(size(step.value.shape))
            break
        steps.append(f"{step.kind} {size(step.value.shape)}")
        if len(steps) > LONGEST_CHAIN:
            break
    steps.reverse()
    return " -> ".join(steps if len(steps) <= LONGEST_CHAIN else ["…", *steps[-LONGEST_CHAIN:]])


def not_divisible(owner: str, name: str, count: int, what: str, channels: int, flow: Flow, span: Span) -> Diagnostic:
    return error(
        "E305",
        f"`{name}` of `{owner}` must divide its {what}: {channels} is no multiple of {count}",
        span,
        f"{channels} / {count} leaves {channels % count}",
        secondary=(origin(flow),),
    )


def tied_shapes(owner: str, name: str, own: Shape, other: Shape, span: Span, first: Span) -> Diagnostic:
    return error(
        "E306",
        f"weights of {size(own)} cannot be shared with {code(name)}, which has {size(other)}",
        span,
        "a different shape",
        secondary=(Label(first, f"{code(name)} has weights of {size(other)}"),),
        notes=(f"tied layers of kind `{owner}` must agree in kernel, input and output channels",),
    )


def tied_kinds(owner: str, name: str, kind: str, span: Span, first: Span) -> Diagnostic:
    return error(
        "E306",
        f"a `{owner}` cannot share the weights of {code(name)}, a `{kind}`",
        span,
        "a different kind of layer",
        secondary=(Label(first, f"{code(name)} stands here"),),
    )


def tied_with_its_own(unread: tuple[str, ...], name: str, span: Span, owner: Span) -> Diagnostic:
    them = " and ".join(code(one) for one in unread)
    return error(
        "E232",
        f"{them} of a tied layer: its weights are those of {code(name)}",
        span,
        "nothing reads this",
        secondary=(Label(owner, "the weights begin and are trained as this layer says"),),
        helps=(f"give {them} to {code(name)}, or leave `tie` out",),
    )


def pad_too_large(window: Pair, pad: Pair, span: Span) -> Diagnostic:
    return error(
        "E309",
        f"`pad` of a pool must be at most half its window: {size(pad)} around a {size(window)} window",
        span,
        "a window could hold nothing but border",
        helps=(f"use `pad={min(window) // 2}` or less",),
    )


def global_stride(span: Span) -> Diagnostic:
    return warning("W209", "`stride` of a global pool: its window is the whole image", span, "changes nothing")


def nothing_left(owner: str, shape: tuple[int, ...], span: Span) -> Diagnostic:
    return error(
        "E309",
        f"`{owner}` would produce {size(shape)}: nothing is left",
        span,
        "too much padding",
        helps=("use less `pad`, a larger kernel or a larger stride",),
    )


def same_is_too_small(kernel: Pair, stride: Pair, span: Span) -> Diagnostic:
    return error(
        "E309",
        f"`pad=same` of a deconv needs a kernel of at least its stride: {size(kernel)} with stride {size(stride)}",
        span,
        "some outputs would see no input",
    )
