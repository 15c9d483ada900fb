"""Tiles stay in registers: no innermost loop of a kernel that specs use keeps an accumulator on the stack."""

import shutil

import pytest

import netspec
from netspec.kernels.cpu import depthwise, pointwise, winograd_weights
from netspec.kernels.cpu.rows import Kernel
from netspec.kernels.cpu.tile import TileShape
from netspec.runtime.compilation import Unit, compile_unit
from netspec.runtime.host import host_target
from netspec.runtime.launch_table import launch_rows
from netspec.runtime.native import code_cache
from tests.kernels.assembly import spilled
from tests.kernels.harness import CACHE_DIR
from tests.kernels.tiling import TILED

pytestmark = [
    pytest.mark.skipif(shutil.which("objdump") is None, reason="needs objdump, of the GNU binutils"),
    pytest.mark.skipif(host_target().name == "neon", reason="reads the assembly of x86"),
]
SPECS = ("cifar10_quick", "lecture", "lenet", "mlp", "mobilenet_v2_cifar", "resnet18_cifar", "vgg16_cifar")
MULTIPLYING = (
    "convolution",
    "convolution_weight_gradient",
    "dense",
    "dense_update",
    "depthwise",
    "pointwise",
    "winograd",
    "winograd_blocks",
    "winograd_weights",
)
"""modules whose kernels are made of tiles"""


def object_file(unit: Unit) -> bytes:
    """The machine code of a kernel, from the tests' cache or put there."""
    cache = code_cache(CACHE_DIR)
    code = cache.load(unit.name)
    if code is None:
        code = compile_unit(unit)
        cache.store(unit.name, code)
    return code.object_file


def units(spec: str) -> dict[str, Unit]:
    """The kernels that a training step of a spec takes its sums from, by name."""
    program = netspec.load(spec).compile(target=host_target())
    rows = (row for row in launch_rows(program) if row.kernel.py_func.__module__.rpartition(".")[2] in MULTIPLYING)
    lanes = program.target.lanes
    found = (Unit(row.kernel, TileShape(row.tile.rows, row.tile.columns, lanes)) for row in rows)
    return {unit.name: unit for unit in found}


@pytest.mark.skipif(host_target().name != "avx512", reason="tiles for 32 registers")
@pytest.mark.parametrize(
    ("kernel", "rows", "columns"),
    [*TILED, (depthwise.sum_products, 3, 3), (winograd_weights.multiply_patches, 6, 4)],
)
def test_no_accumulator_is_on_the_stack(kernel: Kernel, rows: int, columns: int) -> None:
    assert spilled(object_file(Unit(kernel, TileShape(rows, columns, 16)))) == []


@pytest.mark.slow
@pytest.mark.parametrize("spec", SPECS)
def test_no_kernel_of_a_spec_has_accumulators_on_the_stack(spec: str) -> None:
    found = units(spec)
    assert found
    places = {name: spilled(object_file(unit)) for name, unit in found.items()}
    assert {name: stack for name, stack in places.items() if stack} == {}


@pytest.mark.skipif(host_target().name != "avx512", reason="a tile of more than 32 registers")
def test_a_tile_that_does_not_fit_is_found_out() -> None:
    assert spilled(object_file(Unit(pointwise.multiply_channels, TileShape(10, 4, 16))))
