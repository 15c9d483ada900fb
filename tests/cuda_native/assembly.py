"""Inline PTX of kernels: each instruction becomes a function in LLVM IR, found by the beginning of its text.

Instructions of a whole warp write their operands to the thread's row, wait for the other lanes, and call a host
function of `warp.py` that computes this lane's result from all rows. An instruction without an entry is refused by
NotImplementedError.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from zlib import crc32

from tests.cuda_native.check import seen
from tests.cuda_native.device import FIRST_OF_ASSEMBLY, define
from tests.cuda_native.memory import ROW_WORDS
from tests.cuda_native.warp import (
    close_group,
    copy_later,
    ldmatrix4,
    ldmatrix4_transposed,
    mma_bf16,
    mma_tf32,
    wait_for_all,
    wait_for_groups,
)

HOST_FUNCTIONS = (
    seen, copy_later, close_group, wait_for_groups, wait_for_all, mma_tf32, mma_bf16, ldmatrix4, ldmatrix4_transposed,
)  # fmt: skip
"""Host functions that kernels call, by their numbers."""
CALL = re.compile(
    r'\bcall (?P<kind>[^"@]+?) asm +(?:sideeffect +)?"(?P<text>[^"]*)", ?"[^"]*" ?\((?P<arguments>.*?)\)(?= |,|$)', re.M
)
WORDS = {"i64": 2, "ptr": 2, "double": 2}
"""32-bit words of an operand, where not 1"""

Body = Callable[[str, str, list[str]], str]
"""From instruction, type of the result and types of the operands `%a0`, `%a1`, … to the body of a function."""


def replaced(text: str) -> tuple[str, dict[str, str]]:
    """The module with calls of functions in place of inline PTX, and the definitions of those functions by name."""
    functions: dict[str, str] = {}
    declared: dict[str, str] = {}

    def function(match: re.Match[str]) -> str:
        kind, arguments = match["kind"], match["arguments"]
        kinds = [argument.split()[0] for argument in arguments.split(", ")] if arguments else []
        instruction = re.sub(r"\\0[9A]", " ", match["text"]).lstrip("{ ")
        name = f"asm.{crc32(repr((instruction, kind, *kinds)).encode()):x}"
        given = ", ".join(f"{k} %a{i}" for i, k in enumerate(kinds))
        functions[name] = define(kind, name, given, _body(instruction)(instruction, kind, kinds))
        declared[name] = f'declare {kind} @"{name}"({", ".join(kinds)})\n'
        return f'call {kind} @"{name}"({arguments})'

    text = CALL.sub(function, text)
    return text + "\n" + "".join(declared.values()), functions


def _body(instruction: str) -> Body:
    for beginning, body in BODIES.items():
        if re.match(beginning, instruction):
            return body
    raise NotImplementedError(f"inline PTX `{instruction}`")


def _fixed(body: str) -> Body:
    return lambda *_: body


def host_call(function: Callable[..., int], *words: str) -> str:
    """A call of a host function; missing words are 0."""
    padded = [f"i64 {word}" for word in (*words, *["0"] * (4 - len(words)))]
    return f"call i64 @host_call(i32 {HOST_FUNCTIONS.index(function)}, {', '.join(padded)})"


def _together(function: Callable[..., int]) -> Body:
    """By a host function from the operands of all lanes."""

    def body(_instruction: str, kind: str, kinds: list[str]) -> str:
        lines, at = ["  %row = call ptr @own_row()", "  %out = alloca [8 x i32], align 16"], 0
        for number, each in enumerate(kinds):
            lines.append(f"  %q{number} = getelementptr i32, ptr %row, i64 {at}")
            lines.append(f"  store {each} %a{number}, ptr %q{number}, align 4")
            at += WORDS.get(each, 1)
        assert at <= ROW_WORDS
        return "\n".join(
            [
                *lines,
                f"  call void @wait_for_lanes(i32 -1, i32 {FIRST_OF_ASSEMBLY + HOST_FUNCTIONS.index(function)})",
                "  %rows = call ptr @warp_rows(ptr %row)",
                "  %table = ptrtoint ptr %rows to i64",
                '  %lane = call i32 @"nvvm.read.ptx.sreg.laneid"()',
                "  %number = zext i32 %lane to i64",
                "  %result = ptrtoint ptr %out to i64",
                f"  %done = {host_call(function, '%table', '%number', '%result')}",
                f"  %value = load {kind}, ptr %out, align 4",
                f"  ret {kind} %value",
            ]
        )

    return body


def _group_wait(instruction: str, _kind: str, _kinds: list[str]) -> str:
    number = re.fullmatch(r"cp\.async\.wait_group (\d+);", instruction)
    assert number, instruction
    return f"  %done = {host_call(wait_for_groups, number[1])}\n  ret void"


def _copy(instruction: str, _kind: str, kinds: list[str]) -> str:
    """`cp.async.cg.shared.global [$0], [$1], 16, $2;` with or without the last operand, the bytes that are read."""
    match = re.fullmatch(
        r"cp\.async\.c[ag]\.shared\.global(?:\.L2::\d+B)? \[\$0\], \[\$1\], (\d+)(, \$2)?;", instruction
    )
    assert match, instruction
    lines = [_widened("target", "%a0", kinds[0]), _widened("source", "%a1", kinds[1])]
    if match[2]:
        lines.append(_widened("given", "%a2", kinds[2]))
    given = "%given" if match[2] else match[1]
    return "\n".join(
        [*lines, f"  %done = {host_call(copy_later, '%target', '%source', match[1], given)}", "  ret void"]
    )


def _widened(name: str, value: str, kind: str) -> str:
    """An address or a size as i64."""
    change = {"ptr": "ptrtoint ptr", "i32": "zext i32", "i64": "or i64 0,"}[kind]
    return f"  %{name} = {change} {value}" + ("" if kind == "i64" else " to i64")


def _load(instruction: str, kind: str, kinds: list[str]) -> str:
    """`ld.global.v4.f32 {$0,$1,$2,$3}, [$4];`"""
    match = re.fullmatch(r"ld(?:\.global|\.shared)(?:\.nc)?\.v([24])\.[fbus]32 \{.*\}, ?\[\$\d\];", instruction)
    assert match, instruction
    element = kind.strip("{} ").split(",")[0]
    count = int(match[1])
    lines = [_place(kinds[0], 0), f"  %v = load <{count} x {element}>, ptr %place, align {4 * count}"]
    before = "undef"
    for k in range(count):
        lines.append(f"  %e{k} = extractelement <{count} x {element}> %v, i32 {k}")
        lines.append(f"  %r{k} = insertvalue {kind} {before}, {element} %e{k}, {k}")
        before = f"%r{k}"
    return "\n".join([*lines, f"  ret {kind} {before}"])


def _store(instruction: str, _kind: str, kinds: list[str]) -> str:
    """`st.shared.v4.f32 [$0], {$1,$2,$3,$4};`"""
    match = re.fullmatch(r"st(?:\.global|\.shared)\.v([24])\.[fbus]32 \[\$0\], ?\{.*\};", instruction)
    assert match, instruction
    count, element, before = int(match[1]), kinds[1], "undef"
    lines = [_place(kinds[0], 0)]
    for k in range(count):
        lines.append(f"  %v{k} = insertelement <{count} x {element}> {before}, {element} %a{k + 1}, i32 {k}")
        before = f"%v{k}"
    return "\n".join([*lines, f"  store <{count} x {element}> {before}, ptr %place, align {4 * count}", "  ret void"])


def _place(kind: str, number: int) -> str:
    """The pointer in an operand; addresses of shared memory may have 32 bits."""
    change = f"getelementptr i8, ptr %a{number}, i64 0" if kind == "ptr" else f"inttoptr {kind} %a{number} to ptr"
    return f"  %place = {change}"


WIDE_PRODUCT = """  %x = zext i32 %a0 to i64
  %y = zext i32 %a1 to i64
  %z = zext i32 %a2 to i64
  %product = mul i64 %x, %y
  %sum = add i64 %product, %z
  %low = trunc i64 %sum to i32
  %upper = lshr i64 %sum, 32
  %high = trunc i64 %upper to i32
  %r0 = insertvalue {i32, i32} undef, i32 %low, 0
  %r1 = insertvalue {i32, i32} %r0, i32 %high, 1
  ret {i32, i32} %r1"""
ROUND_TO_TF32 = """  %bits = bitcast float %a0 to i32
  %sum = add i32 %bits, 4096
  %y = and i32 %sum, -8192
  ret i32 %y"""
PACK_BF16 = """  %high = bitcast float %a0 to i32
  %high.odd = lshr i32 %high, 16
  %high.even = and i32 %high.odd, 1
  %high.sum = add i32 %high, 32767
  %high.near = add i32 %high.sum, %high.even
  %upper = and i32 %high.near, -65536
  %low = bitcast float %a1 to i32
  %low.odd = lshr i32 %low, 16
  %low.even = and i32 %low.odd, 1
  %low.sum = add i32 %low, 32767
  %low.near = add i32 %low.sum, %low.even
  %lower = lshr i32 %low.near, 16
  %y = or i32 %upper, %lower
  ret i32 %y"""
LEADING_ZEROS = """  %n = call i32 @llvm.ctlz.i32(i32 %a0, i1 false)
  %none = icmp eq i32 %a0, 0
  %y = select i1 %none, i32 -1, i32 %n
  ret i32 %y"""

BODIES: dict[str, Body] = {
    r"mad\.lo\.cc\.u32": _fixed(WIDE_PRODUCT),  # with madc.hi.u32, in sine and cosine of large numbers
    r"bfind\.shiftamt\.u32": _fixed(LEADING_ZEROS),
    r"sub\.rn\.f32": _fixed("  %y = fsub float %a0, %a1\n  ret float %y"),
    r"rcp\.approx": _fixed("  %y = fdiv float 1.0, %a0\n  ret float %y"),
    r"mov\.u32 \$0, %dynamic_smem_size": _fixed('  %v = call i32 @"nvvm.read.ptx.sreg.dynamic"()\n  ret i32 %v'),
    r"cvt\.rna\.tf32\.f32": _fixed(ROUND_TO_TF32),
    r"cvt\.rn\.bf16x2\.f32": _fixed(PACK_BF16),
    r"mma\.sync\.aligned\.m16n8k8\.row\.col\.f32\.tf32": _together(mma_tf32),
    r"mma\.sync\.aligned\.m16n8k16\.row\.col\.f32\.bf16": _together(mma_bf16),
    r"ldmatrix\.sync\.aligned\.m8n8\.x4\.shared": _together(ldmatrix4),
    r"ldmatrix\.sync\.aligned\.m8n8\.x4\.trans": _together(ldmatrix4_transposed),
    r"cp\.async\.c[ag]\.shared\.global": _copy,
    r"cp\.async\.commit_group": _fixed(f"  %done = {host_call(close_group)}\n  ret void"),
    r"cp\.async\.wait_group": _group_wait,
    r"cp\.async\.wait_all": _fixed(f"  %done = {host_call(wait_for_all)}\n  ret void"),
    r"ld(\.global|\.shared)(\.nc)?\.v[24]\.": _load,
    r"st(\.global|\.shared)\.v[24]\.": _store,
}
"""Bodies by the beginning of an instruction, a regular expression."""
