"""The cost of augmentation: every transform on, steps with and without."""

from pathlib import Path

import pytest

from netspec.bench.augmenting import every_transform, measure_augmenting
from netspec.check.vocabulary.tables import AUGMENT
from netspec.diagnostics.text import Source
from netspec.frontend import check_experiment
from tests.kernels.harness import CACHE_DIR

SPEC = Source("small.net", "net n {\ninput 1x12x9\ndense 3\n}\n")


def test_every_transform_of_the_language_is_on() -> None:
    experiment = check_experiment(SPEC, settings=every_transform((1, 12, 9)))
    assert {transform.kind for transform in experiment.augment} == set(AUGMENT)


@pytest.mark.slow
def test_steps_are_timed_with_it_and_without() -> None:
    experiment, kept = check_experiment(SPEC, settings=every_transform((1, 12, 9))), list[int]()
    cost = measure_augmenting(experiment, 32, 3, Path(CACHE_DIR), kept.append)
    assert kept == [1, 2, 3]
    assert cost.batch == 32
    assert 0 < cost.plain_incoming_seconds < cost.incoming_seconds
    assert min(cost.plain_seconds, cost.augmented_seconds) > 0
    assert cost.share > -1
