"""The list of backends, what each of them promises, and what becomes of one that this machine cannot run."""

import numpy as np
import pytest

from netspec.ir.operations import Activation
from tests.kernels.backends import BACKENDS, Backend, Entry, opened
from tests.kernels.draws import unary
from tests.kernels.harness import filled_machine, target_of

GRAPH = unary(Activation("relu"), (3,))


def test_every_backend_has_a_name_of_its_own() -> None:
    assert len({entry.name for entry in BACKENDS}) == len(BACKENDS)


def test_a_backend_is_called_what_its_folder_is(backend: Backend) -> None:
    assert backend.name in {entry.name for entry in BACKENDS}


def test_one_that_this_machine_cannot_run_is_skipped_with_the_reason() -> None:
    with pytest.raises(pytest.skip.Exception, match="another: no device"):
        opened(Entry("another", lambda: "no device"))


def test_targets_are_counted_round_and_round(backend: Backend) -> None:
    numbers = range(2 * len(backend.targets))
    assert [target_of(backend, number) for number in numbers] == [*backend.targets, *backend.targets]
    assert target_of(backend, backend.targets[-1]) is backend.targets[-1]


def test_what_no_one_has_written_is_what_the_memory_was_filled_with(backend: Backend) -> None:
    for fill in (np.nan, 7.0):
        for target in backend.targets:
            machine = filled_machine(backend, GRAPH, 5, target=target, fill=fill)
            np.testing.assert_array_equal(machine.read("x"), np.full((5, 3), fill))


def test_a_device_is_that_of_the_backend(backend: Backend) -> None:
    assert type(backend.device().target) in {type(target) for target in backend.targets}
