"""Tiles stay in registers: no innermost loop of a kernel that specs use keeps an accumulator on the stack."""

import shutil

import pytest

from netspec.compiler import prediction, training_program
from netspec.kernels.cpu.language.rows import Kernel
from netspec.kernels.cpu.language.tile import TileShape, tile_shape
from netspec.kernels.cpu.sliding import depthwise, pointwise
from netspec.kernels.cpu.winograd import weight_gradient as winograd_weights
from netspec.resources import bundled_specs
from netspec.runtime.cpu.compilation import Unit, compile_unit
from netspec.runtime.cpu.host import host_target
from netspec.runtime.cpu.launch_table import launch_rows
from netspec.runtime.cpu.native import code_cache
from netspec.schedule.cpu.channels import lower_channels
from netspec.targets.cpu.program import Program
from tests.kernels.cpu.assembly import spilled
from tests.kernels.cpu.tiling import TILED
from tests.kernels.harness import CACHE_DIR
from tests.schedule.nets import bundled

pytestmark = [
    pytest.mark.skipif(shutil.which("objdump") is None, reason="needs objdump, of the GNU binutils"),
    pytest.mark.skipif(host_target().name == "neon", reason="reads the assembly of x86"),
]


def object_file(unit: Unit) -> bytes:
    """The machine code of a kernel, from the tests' cache or put there."""
    cache = code_cache(CACHE_DIR)
    code = cache.load(unit.name)
    if code is None:
        code = compile_unit(unit)
        cache.store(unit.name, code)
    return code.object_file


def units(program: Program) -> dict[str, Unit]:
    """The kernels that a program runs, by name."""
    rows = launch_rows(program)
    found = (Unit(row.kernel, tile_shape(row.tile, program.target)) for row in rows)
    return {unit.name: unit for unit in found}


@pytest.mark.skipif(host_target().name != "avx512", reason="tiles for 32 registers")
@pytest.mark.parametrize(
    ("kernel", "rows", "columns"),
    [*TILED, (depthwise.sum_products, 3, 3), (winograd_weights.multiply_tiles, 6, 4)],
)
def test_no_accumulator_is_on_the_stack(kernel: Kernel, rows: int, columns: int) -> None:
    assert spilled(object_file(Unit(kernel, TileShape(rows, columns, 16, 32)))) == []


@pytest.mark.slow
@pytest.mark.parametrize("spec", sorted(bundled_specs()))
def test_no_kernel_of_a_spec_has_accumulators_on_the_stack(spec: str) -> None:
    net, target = bundled(spec), host_target()
    found = units(training_program(net, target)) | units(lower_channels(prediction(net).graph, target, batch=1))
    places = {name: spilled(object_file(unit)) for name, unit in found.items()}
    assert {name: stack for name, stack in places.items() if stack} == {}


@pytest.mark.skipif(host_target().name != "avx512", reason="a tile of more than 32 registers")
def test_a_tile_that_does_not_fit_is_found_out() -> None:
    assert spilled(object_file(Unit(pointwise.multiply_channels, TileShape(10, 4, 16, 32))))
