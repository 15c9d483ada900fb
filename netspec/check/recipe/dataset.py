"""The `data` statement: a built-in set by name, or files by path, with options."""

from __future__ import annotations

from dataclasses import replace
from posixpath import dirname, isabs, join
from typing import Literal, cast

from netspec.check.arguments import Bound
from netspec.check.recipe.selection import check_selection
from netspec.check.recipe.training import bind_line
from netspec.check.scope import Scope
from netspec.check.vocabulary.tables import DATA
from netspec.check.words import arguments as words_arguments
from netspec.check.words import training as words_training
from netspec.diagnostics.text import Source, Span
from netspec.ir.operations import Pair
from netspec.ir.recipe import DataOptions, Number
from netspec.syntax.tree import Broken, Name, Statement, Text

PATHS = ("labels", "test", "test_labels")
GENERATED = ("count", "noise", "size", "channels")
SYNONYMS = {
    "cifar": "cifar10",
    "cifar_10": "cifar10",
    "cifar_100": "cifar100",
    "fashion": "fashion_mnist",
    "fashionmnist": "fashion_mnist",
    "spiral": "spirals",
}


def check_data(statement: Statement, source: Source, scope: Scope) -> DataOptions | None:
    """A `data` statement; paths are joined to the folder of `source`. None where the set is unknown."""
    first = statement.arguments[0] if statement.arguments else None
    if first is None or first.key is not None or not isinstance(first.value, (Name, Text)):
        if first is None or not isinstance(first.value, Broken):
            scope.complain(words_training.data_without_source(statement.name.span))
        return None
    if isinstance(first.value, Name) and (first.value.text not in DATA or first.value.text == "PATH"):
        near = tuple(n for n in scope.suggestions(first.value.text, DATA, SYNONYMS) if n in DATA)
        scope.complain(words_training.unknown_data(first.value.text, first.value.span, near, tuple(DATA)[1:]))
        return None
    entry = DATA[first.value.text] if isinstance(first.value, Name) else DATA["PATH"]._replace(name="data")
    bound = bind_line(statement, entry, (*statement.arguments[1:], *statement.trailing), scope)
    options = _options(first.value, bound, source, first.span, scope)
    check_selection(options, bound, scope)
    unclear = bound.unclear or scope.report.has_error_in(bound.spans.get("classes"))
    return replace(options, unclear=unclear)


def _options(name: Name | Text, bound: Bound, source: Source, span: Span, scope: Scope) -> DataOptions:
    values = bound.values
    folder = dirname(source.name)

    def path(key: str) -> str | None:
        return _joined(folder, cast("str | None", values.get(key)))

    classes = cast("tuple[int | str, ...]", values["classes"])
    if values.get("test_labels") is not None and values.get("test") is None:
        scope.complain(words_arguments.needs_another("test_labels", "test", bound.spans["test_labels"]))
    black, white = (cast("float | None", values.get(name)) for name in ("black", "white"))
    if black is not None and white is not None and white <= black:
        scope.complain(words_training.white_not_above_black(black, white, bound.spans["white"], bound.spans["black"]))
    return DataOptions(
        source=name.text if isinstance(name, Name) else _joined(folder, name.value) or "",
        is_path=isinstance(name, Text),
        format=cast("str | None", values.get("format")),
        labels=path("labels"),
        test=path("test"),
        test_labels=path("test_labels"),
        validate=float(cast("float", values["validate"])),
        normalize=cast('Literal["standard", "unit", "none"]', values["normalize"]),
        classes=classes,
        take=cast("int | None", values["take"]),
        take_test=cast("int | None", values["take_test"]),
        resize=cast("Pair | None", values["resize"]),
        axes=cast('Literal["nchw", "nhwc"] | None', values.get("axes")),
        black=None if black is None else float(black),
        white=None if white is None else float(white),
        extra=_extra(bound),
        span=span,
        lines=bound.spans,
    )


def _joined(folder: str, path: str | None) -> str | None:
    return path if path is None or isabs(path) else join(folder, path)


def _extra(bound: Bound) -> dict[str, Number | str]:
    """Options of generated sets that were given; `size` as height and width."""
    extra: dict[str, Number | str] = {}
    for name in GENERATED:
        value = bound.values.get(name)
        if isinstance(value, tuple):
            extra["height"], extra["width"] = cast("Pair", value)
        elif value is not None:
            extra[name] = cast("Number", value)
    return extra
