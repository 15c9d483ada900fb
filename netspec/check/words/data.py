"""What is said about data that are known before they are opened and do not fit (E513 to E520)."""

from __future__ import annotations

from netspec.check.suggest import suggestions
from netspec.check.words.phrases import code, either, error, size
from netspec.diagnostics.message import Diagnostic, Label
from netspec.diagnostics.text import Span
from netspec.ir.graph import Layer, Shape

MOST_NAMED = 10
"""Classes that are listed by name."""


def images_against_input(
    kind: str, source: str, found: Shape, image: Layer, span: Span, helps: tuple[str, ...]
) -> Diagnostic:
    """`kind` is what does not fit: `channels` or `size`."""
    wanted = image.output.shape
    return error(
        "E514" if kind == "channels" else "E513",
        f"the images of {code(source)} are {_image(found)}, the net takes {size(wanted)}",
        span,
        f"images of {_image(found)}",
        secondary=(Label(image.span, "the net's input"),),
        helps=helps,
    )


def input_helps(kind: str, found: Shape, wanted: Shape, cropped: bool) -> tuple[str, ...]:
    """How images and input can be brought together."""
    if len(wanted) == 1 and found[0] * found[1] * found[2] == wanted[0]:
        return (f"write `input {_image(found)}`: `dense` flattens its input by itself",)
    helps = [f"write `input {_image(found)}` in the net"]
    if kind == "size" and len(wanted) == 3 and found[1:] != (1, 1):
        helps.append(f"or `resize={size(wanted[1:])}` in the `data` line")
        if not cropped and found[1] >= wanted[1] and found[2] >= wanted[2]:
            helps.append(f"or `crop {size(wanted[1:])}` in an `augment` block")
    return tuple(helps)


def _image(shape: Shape) -> str:
    return size(shape[:1] if shape[1:] == (1, 1) else shape)


def classes_beyond_outputs(source: str, classes: int, outputs: int, span: Span, output: Layer) -> Diagnostic:
    has = "one output" if outputs == 1 else f"{outputs} outputs"
    return error(
        "E515",
        f"{code(source)} has {classes} classes, the net has {has}",
        span,
        f"{classes} classes",
        secondary=(Label(output.span, has),),
        helps=(f"end the net with {classes} outputs, or keep fewer classes with `classes=`",),
    )


def no_such_class(one: int | str, source: str, names: tuple[str, ...], span: Span) -> Diagnostic:
    called = code(one) if isinstance(one, str) else str(one)
    near = suggestions(one, names) if isinstance(one, str) else ()
    named = isinstance(one, str) and len(names) <= MOST_NAMED
    classes = ", ".join(names) if named else f"0 to {len(names) - 1}"
    helps = (f"did you mean {either(near)}?",) if near else ()
    return error("E516", f"{code(source)} has no class {called}", span, f"its classes are {classes}", helps=helps)


def class_twice(source: str, span: Span) -> Diagnostic:
    return error("E516", f"a class of {code(source)} is named twice", span, "by its name and by its number")


def no_image_kept(source: str, span: Span) -> Diagnostic:
    return error("E516", f"no image of {code(source)} is of these classes", span, "keeps none")


def no_test_part(source: str, span: Span) -> Diagnostic:
    helps = ("leave `take_test` out",)
    return error("E549", f"`take_test`: {code(source)} has no test part", span, "nothing to take from", helps=helps)


def too_few_to_take(option: str, count: int, source: str, images: int, span: Span) -> Diagnostic:
    return error(
        "E517",
        f"`{option}={count}`: there are {images:,} images of {code(source)} to take from",
        span,
        "more than there are",
    )


def nothing_held_out(fraction: float, images: int, span: Span) -> Diagnostic:
    return error(
        "E518",
        f"`validate={fraction:g}` of {images:,} images holds out none",
        span,
        "no image is left to validate with",
        helps=("hold out a larger part",),
    )


def pictures_impossible(fault: str, span: Span) -> Diagnostic:
    return error("E519", fault, span, "cannot be drawn")


def points_resized(source: str, span: Span) -> Diagnostic:
    return error("E513", f"`resize` is for images, and {code(source)} holds points", span, "no rows and columns")


def labels_within(name: str, kind: str, span: Span) -> Diagnostic:
    return error(
        "E520", f"`{name}` is for IDX and .npy files", span, f"in the format `{kind}` labels come with the images"
    )
