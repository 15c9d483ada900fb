from netspec.kernels.cpu.table import KERNELS
from netspec.schedule.cpu.lower import lower
from netspec.schedule.cpu.planes import PADDABLE, padded_planes
from netspec.targets.cpu.processor import AVX2, AVX512
from tests.schedule.nets import step_of

CONVOLUTIONS = "net t {\ninput 4x32x32\nconv 8 3x3 pad=1 relu\npool max 2x2\nconv 6 3x3 pad=1 relu\n%s\ndense 3\n}"


def test_planes_that_are_multiples_of_4096_bytes_get_a_vector_more() -> None:
    program = lower(step_of(CONVOLUTIONS % "pool avg 3x3"), AVX512, 32)
    assert program.buffers["input"].plane_stride == 32 * 32 * 16 + 16
    assert program.buffers["conv1"].plane_stride == 32 * 32 * 16 + 16
    assert program.buffers["conv2"].plane_stride == 16 * 16 * 16 + 16
    assert program.buffers["pool2"].plane_stride == 5 * 5 * 16
    assert program.buffers["conv1.weight"].plane_stride == 0


def test_the_lanes_decide_what_conflicts() -> None:
    graph = step_of(CONVOLUTIONS % "pool max 2x2; conv 3 3x3 pad=1; pool avg global")
    assert padded_planes(graph, AVX512) == {(32, 32), (16, 16), (8, 8)}
    assert padded_planes(graph, AVX2) == {(32, 32), (16, 16)}


def test_maps_that_another_kernel_reads_lie_side_by_side() -> None:
    graph = step_of(CONVOLUTIONS % "lrn\npool avg global")
    assert padded_planes(graph, AVX512) == {(32, 32)}
    assert padded_planes(step_of(CONVOLUTIONS % ""), AVX512) == {(32, 32)}


def test_every_operation_with_padded_planes_has_a_kernel() -> None:
    assert KERNELS.keys() >= PADDABLE
