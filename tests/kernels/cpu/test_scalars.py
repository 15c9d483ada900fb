from netspec.kernels.cpu.incoming.scalars import scalar_rows
from netspec.schedule.cpu.lower import lower
from netspec.targets.cpu.processor import AVX512
from tests.kernels.test_scalars import NUMBERS, two_numbers


def test_every_input_of_one_number_has_a_row() -> None:
    program = lower(two_numbers(), AVX512, 16)
    assert [row.writes for row in scalar_rows(program)] == [(program.buffers[name],) for name in NUMBERS]
