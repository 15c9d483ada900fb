"""A program for a GPU as text: a line per launch, and below it a line per call."""

from netspec.compiler import training_program
from netspec.schedule.cuda.show import listing
from netspec.targets.cuda.processor import SM_90
from tests.conftest import Golden
from tests.schedule.nets import experiment

NET = "net t { input 1x6x6; conv 2 3x3 relu; pool max 2x2; dense 3 }\ntrain { sgd rate=0.1 momentum=0.9; batch 4 }\n"


def test_a_program_reads_well(golden: Golden) -> None:
    golden("listing.txt", listing(training_program(experiment(NET), SM_90)))


def test_every_launch_and_every_call_has_a_line() -> None:
    program = training_program(experiment(NET), SM_90)
    lines = listing(program).splitlines()
    assert sum(line.startswith("  ") for line in lines) == sum(len(launch.calls) for launch in program.launches)
    around = (*program.incoming.calls, *program.collecting, *program.outgoing)
    assert sum(line.startswith(("in: ", "collect: ", "out: ")) for line in lines) == len(around)
    assert len(lines) == 3 + len(around) + sum(1 + len(launch.calls) for launch in program.launches)
