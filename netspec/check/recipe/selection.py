"""What a `data` line asks of its set, against what is known of the set before it is opened."""

from __future__ import annotations

from dataclasses import replace
from math import prod

from netspec.check.arguments import Bound
from netspec.check.net.draft import MOST_ELEMENTS
from netspec.check.scope import Scope
from netspec.check.words import data as words
from netspec.check.words.shapes import too_large
from netspec.ir.classes import numbers_of
from netspec.ir.known_data import POINT, Known, known
from netspec.ir.recipe import DataOptions

LABELLED_APART = ("idx", "npy")
"""Formats whose labels lie in a file of their own."""


def check_selection(options: DataOptions, bound: Bound, scope: Scope) -> None:
    """Complains of options that the set, or any set of the format, cannot meet."""
    resize = options.resize
    if resize is not None and prod(resize) > MOST_ELEMENTS:
        scope.complain(too_large("resize", resize, MOST_ELEMENTS, bound.spans["resize"]))
    if options.is_path:
        _check_labels(options, bound, scope)
        return
    found = known(options, None)
    if found is None:
        return
    if resize not in (None, POINT[1:]) and found.shape == POINT:
        scope.complain(words.points_resized(options.source, bound.spans["resize"]))
    kept = _kept(options, found, bound, scope)
    if kept is not None:
        _check_amounts(options, kept.counts, bound, scope)
        _check_test(options, kept, bound, scope)


def _check_labels(options: DataOptions, bound: Bound, scope: Scope) -> None:
    if options.format is None or options.format in LABELLED_APART:
        return
    for name in ("labels", "test_labels"):
        if bound.values.get(name) is not None:
            scope.complain(words.labels_within(name, options.format, bound.spans[name]))


def _kept(options: DataOptions, found: Known, bound: Bound, scope: Scope) -> Known | None:
    """The set with the classes that are kept; None where they are wrong, which is reported."""
    if not options.classes:
        return found
    numbers = numbers_of(found.names, options.classes)
    for one, number in zip(options.classes, numbers, strict=True):
        if number is None:
            scope.complain(words.no_such_class(one, options.source, found.names, bound.spans["classes"]))
            return None
    places = [number for number in numbers if number is not None]
    if len(set(places)) < len(places):
        scope.complain(words.class_twice(options.source, bound.spans["classes"]))
        return None
    counts = tuple(found.counts[place] for place in places)
    if not sum(counts):
        scope.complain(words.no_image_kept(options.source, bound.spans["classes"]))
        return None
    return replace(
        found, counts=counts, test_counts=tuple(found.test_counts[place] for place in places if found.test_counts)
    )


def _check_test(options: DataOptions, kept: Known, bound: Bound, scope: Scope) -> None:
    if options.take_test is None:
        return
    images = sum(kept.test_counts)
    if not kept.test_counts:
        scope.complain(words.no_test_part(options.source, bound.spans["take_test"]))
    elif options.take_test > images:
        scope.complain(
            words.too_few_to_take("take_test", options.take_test, options.source, images, bound.spans["take_test"])
        )


def _check_amounts(options: DataOptions, counts: tuple[int, ...], bound: Bound, scope: Scope) -> None:
    images = sum(counts)
    if options.take is not None:
        if options.take > images:
            scope.complain(words.too_few_to_take("take", options.take, options.source, images, bound.spans["take"]))
            return
        images = options.take
    held = round(images * options.validate)
    if options.take is None:
        held = min(held, sum(max(0, count - 1) for count in counts))
    if options.validate > 0 and not held:
        scope.complain(words.nothing_held_out(options.validate, images, bound.spans["validate"]))
