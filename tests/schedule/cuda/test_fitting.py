"""The largest batch that fits into the memory of a GPU."""

import pytest

from netspec.compiler import training_program
from netspec.schedule.cuda.fitting import largest_batch, with_batch
from netspec.targets.cuda.processor import SM_90
from tests.schedule.nets import experiment

NET = experiment("net t { input 1x6x6; conv 3 3x3 relu; dense 2 }\ntrain { sgd rate=0.1 }\naugment { mirror }\n")
PROGRAM = training_program(NET, SM_90, 100)


@pytest.mark.parametrize("batch", [1, 2, 37, 99])
def test_the_batch_that_just_fits_is_found(batch: int) -> None:
    needed = with_batch(PROGRAM, batch).arena_bytes
    found = largest_batch(PROGRAM, needed)
    assert found >= batch
    assert with_batch(PROGRAM, found).arena_bytes <= needed < with_batch(PROGRAM, found + 1).arena_bytes


def test_no_batch_fits_into_less_memory_than_one_image_needs() -> None:
    assert largest_batch(PROGRAM, with_batch(PROGRAM, 1).arena_bytes - 1) == 0


def test_a_program_is_planned_again_as_it_was() -> None:
    assert with_batch(PROGRAM, PROGRAM.batch) == PROGRAM
