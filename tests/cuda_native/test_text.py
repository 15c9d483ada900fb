"""numba-cuda's IR in the words of a newer LLVM."""

import pytest

from tests.cuda_native.text import numbered_barriers, opaque, rewritten, static_bytes


@pytest.mark.parametrize(
    ("typed", "untyped"),
    [
        ("load float, float* %x", "load float, ptr %x"),
        ("load {i8*, float*}, {i8*, float*}* %x", "load {ptr, ptr}, ptr %x"),
        ("[64 x float] addrspace(3)* @s", "ptr @s"),
        ("bitcast (void (float*, i32)* @f to i8*)", "bitcast (ptr @f to ptr)"),
        ("i8** %x", "ptr %x"),
        ("<4 x float> addrspace(1)* %p", "ptr %p"),
        ('@"a*b" = global i32 0', '@"a*b" = global i32 0'),
    ],
)
def test_a_pointer_type_becomes_opaque(typed: str, untyped: str) -> None:
    assert opaque(typed) == untyped


SHARED = """\
@"few" = addrspace(3) global [3 x float] undef, align 4
@"many" = addrspace(3) global [16 x [4 x i32]] undef, align 4
@"open" = external addrspace(3) global [0 x float], align 16
define void @"f"() {
  store float 0.0, ptr addrspace(3) @"few"
  store i32 0, ptr addrspace(3) @"many"
  store float 0.0, ptr addrspace(3) @"open"
}
"""


def test_static_shared_arrays_are_aligned_and_dynamic_memory_has_its_own_address() -> None:
    text = rewritten(SHARED, 0x1000, 0x8000)
    assert static_bytes(SHARED) == 128 + 256
    assert "store float 0.0, ptr inttoptr (i64 4096 to ptr)" in text
    assert f"store i32 0, ptr inttoptr (i64 {0x1000 + 128} to ptr)" in text
    assert "store float 0.0, ptr inttoptr (i64 32768 to ptr)" in text
    assert "addrspace" not in text


def test_every_place_of_a_barrier_has_a_number_of_its_own() -> None:
    first = '  call void @"nvvm.barrier0"()\n  %x = call i32 @"nvvm.barrier0.or"(i32 %p)\n'
    second = (
        '  call void @"nvvm.barrier0"()\ndeclare i32 @"nvvm.barrier0.or"(i32 %p)\ndeclare void @"nvvm.barrier0"()\n'
    )
    assert numbered_barriers([first, second]) == [
        '  call void @"nvvm.barrier0"(i32 1)\n  %x = call i32 @"nvvm.barrier0.or"(i32 2, i32 %p)\n',
        '  call void @"nvvm.barrier0"(i32 3)\n'
        'declare i32 @"nvvm.barrier0.or"(i32, i32 %p)\ndeclare void @"nvvm.barrier0"(i32)\n',
    ]
