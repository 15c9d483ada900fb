"""From a `data` statement to a data set: find or make it, choose classes, hold a part out, fit it to the net."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from netspec.data.builtin import read_published
from netspec.data.classes import Known, chosen, measured_on
from netspec.data.dataset import Collection, Dataset
from netspec.data.embedded import read_digits
from netspec.data.failures import located
from netspec.data.files import read_files
from netspec.data.fit import Arguments, fitted
from netspec.data.generated import GENERATED, generate
from netspec.data.normalize import statistics
from netspec.data.places import Places
from netspec.data.published import PUBLISHED
from netspec.data.read_options import HELD_BYTES, Progress, ReadOptions, silent
from netspec.data.resize import resized
from netspec.data.splits import hold_out, lost, take, take_test
from netspec.diagnostics.failure import DataError
from netspec.ir.recipe import DataOptions

Shape = tuple[int, ...]


def load(
    options: DataOptions,
    *,
    data_dir: Path | None = None,
    shared_dir: Path | None = None,
    cache_dir: Path | None = None,
    seed: int = 1,
    strict: bool = False,
    shape: Shape | None = None,
    crop_pad: int | None = None,
    arguments: Arguments = (),
    known: Known | None = None,
    to_measure: bool = False,
    held_bytes: int = HELD_BYTES,
    progress: Progress = silent,
) -> Dataset:
    """Reads or makes the data that `options` ask for and fits them to a net whose input is `shape`.

    `shape` is (C, H, W) or (F,), None where there is no net. `crop_pad` is the pad of a `crop` in the spec, None
    without one: then images must have the net's size, with one they may be larger. `arguments` are the parameters of
    the net, which a message may propose to set. `known` are the classes of a net that has been trained, by which those
    of the data are numbered. With `to_measure` only the test part, else the validation part is of use, and options are
    as in `measurable`. Published sets are looked for in `data_dir`, `shared_dir` (both hold a folder a set),
    `cache_dir` (None: the platform's) and Debian's folder; none of them is written to. The same options and seed give
    the same parts in the same order on every platform. With `strict`, files that would be skipped with a notice are
    errors. A part whose images take more than `held_bytes` stays in its files, which changes no bit of what a net makes
    of it. `progress` is told of long work. Raises DataError, with the place in the spec.
    """
    places = Places(data_dir, shared_dir, cache_dir)
    notices: list[str] = []
    read_options = ReadOptions(shape, strict, held_bytes, progress, note=notices.append)
    fit = partial(fitted, shape=shape, crop_pad=crop_pad, arguments=arguments)
    try:
        everything = _collect(options, places, seed, read_options)
        collection = chosen(everything, options.classes, known)
        if to_measure:
            options = measurable(options, collection, read_options.note)
        dataset = _prepare(options, collection, seed, fit, progress)
        dataset = measured_on(dataset, everything.class_names, options.measured)
    except DataError as error:
        raise located(error, options.span) from None
    return replace(dataset, notices=(*dataset.notices, *dict.fromkeys(notices)))


def measurable(options: DataOptions, collection: Collection, note: Callable[[str], None]) -> DataOptions:
    """The options without what the parts that are there cannot meet or need not: those of a run may have been meant for
    other data. Notes tell where that decides what is measured."""
    train, validation, test = collection.train, collection.validation, collection.test
    if options.take is not None and options.take > len(train):
        options = replace(options, take=None)
    if options.take_test is not None and (test is None or options.take_test > len(test)):
        held = "there is none" if test is None else f"it holds {len(test):,}"
        note(f"`take_test={options.take_test}` takes nothing away from the test part: {held}")
        options = replace(options, take_test=None)
    if options.validate and test is None and validation is not None:
        note(f"`validate={options.validate:g}` holds nothing out: the data have a validation part of their own")
    return options if test is None and validation is None else replace(options, validate=0.0)


def _collect(options: DataOptions, places: Places, seed: int, read_options: ReadOptions) -> Collection:
    name = options.source
    if options.is_path:
        return read_files(options, read_options)
    if name == "digits":
        return read_digits()
    if name in GENERATED:
        return generate(name, options.extra, seed, read_options.shape)
    if name in PUBLISHED:
        return read_published(PUBLISHED[name], places, read_options)
    raise DataError("E501", f"there is no data set `{name}`", helps=(f"there are {', '.join(built_in_names())}",))


def built_in_names() -> tuple[str, ...]:
    """Every set that can be named without a path."""
    return ("digits", *PUBLISHED, *GENERATED)


def _prepare(
    options: DataOptions,
    collection: Collection,
    seed: int,
    fit: Callable[[Collection], Collection],
    progress: Progress,
) -> Dataset:
    if collection.validation is not None and options.validate:
        raise DataError("E518", "the data have a validation part of their own", helps=("leave `validate` out",))
    taken, test = take(collection.train, options.take, seed), take_test(collection.test, options.take_test, seed)
    train, held = hold_out(taken, options.validate, seed)
    ready = fit(
        resized(replace(collection, train=train, validation=held or collection.validation, test=test), options.resize)
    )
    mean, deviation = statistics(ready.train.images, ready.levels, options.normalize, progress)
    return Dataset(
        train=ready.train,
        validation=ready.validation,
        test=ready.test,
        class_names=ready.class_names,
        mean=mean,
        deviation=deviation,
        levels=ready.levels,
        description=ready.description + ready.all_classes,
        notices=ready.notices,
        numbered=ready.numbered,
        cautions=ready.cautions,
        lost=lost(collection.train, taken),
        lost_test=lost(collection.test, test),
    )
