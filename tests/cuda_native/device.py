"""Functions of NVVM that concern threads, in LLVM IR: special registers, barriers, shuffles, votes, fences.

A thread that waits for others suspends: `llvm.coro.suspend.retcon` returns the reason to the scheduler (`schedule.py`).
LLVM splits the kernel into one function for each stretch between two suspensions.
"""

from __future__ import annotations

from tests.cuda_native.memory import (
    COUNT,
    FUNCTIONS,
    PREDICATES,
    REGISTER_NAMES,
    REGISTERS,
    ROW_WORDS,
    ROWS,
    ROWS_STRIDE,
    TURNS,
    WARP,
)

BARRIER, WARP_SYNC = 1, 2
"""Kinds of reasons, in the low byte. Bits 8 to 31 are the number of the barrier's place or the collective's kind, bits
32 to 63 the mask of a collective's lanes."""
SYNCWARP, SHUFFLE, VOTE, FIRST_OF_ASSEMBLY = 1, 2, 3, 16
"""kinds of collectives; those of inline PTX follow FIRST_OF_ASSEMBLY"""


def define(kind: str, name: str, arguments: str, body: str) -> str:
    """A function that is linked only where it is called, and inlined."""
    return f'define linkonce_odr {kind} @"{name}"({arguments}) alwaysinline {{\n{body}\n}}\n'


def _register(number: int) -> str:
    return f"inttoptr (i64 {REGISTERS + 4 * number} to ptr)"


def _registers() -> str:
    bodies = {
        name: f"  %v = load i32, ptr {_register(number)}\n  ret i32 %v" for number, name in enumerate(REGISTER_NAMES)
    }
    bodies["laneid"] = '  %t = call i32 @"nvvm.read.ptx.sreg.thread"()\n  %v = and i32 %t, 31\n  ret i32 %v'
    bodies["warpsize"] = f"  ret i32 {WARP}"
    return "".join(define("i32", f"nvvm.read.ptx.sreg.{name}", "", body) for name, body in bodies.items())


WAITING = f"""
declare i1 @llvm.coro.suspend.retcon.i1(...)

define linkonce_odr void @suspend(i64 %reason) alwaysinline {{
  %unwind = call i1 (...) @llvm.coro.suspend.retcon.i1(i64 %reason)
  ret void
}}
define linkonce_odr void @wait_for_lanes(i32 %mask, i32 %kind) alwaysinline {{
  %m = zext i32 %mask to i64
  %high = shl i64 %m, 32
  %k = zext i32 %kind to i64
  %middle = shl i64 %k, 8
  %both = or i64 %high, %middle
  %reason = or i64 %both, {WARP_SYNC}
  call void @suspend(i64 %reason)
  ret void
}}
; the address where this thread writes its operands; it alternates between two rows, for another lane may not have read
; the last one yet
define linkonce_odr ptr @own_row() alwaysinline {{
  %t = call i32 @"nvvm.read.ptx.sreg.thread"()
  %at = sext i32 %t to i64
  %turn = getelementptr i32, ptr inttoptr (i64 {TURNS} to ptr), i64 %at
  %old = load i32, ptr %turn
  %new = xor i32 %old, 1
  store i32 %new, ptr %turn
  %wide = sext i32 %new to i64
  %half = mul i64 %wide, {ROWS_STRIDE}
  %first = getelementptr i8, ptr inttoptr (i64 {ROWS} to ptr), i64 %half
  %row = getelementptr [{ROW_WORDS} x i32], ptr %first, i64 %at
  ret ptr %row
}}
; the row of lane 0 of the same warp
define linkonce_odr ptr @warp_rows(ptr %row) alwaysinline {{
  %lane = call i32 @"nvvm.read.ptx.sreg.laneid"()
  %wide = sext i32 %lane to i64
  %back = sub i64 0, %wide
  %rows = getelementptr [{ROW_WORDS} x i32], ptr %row, i64 %back
  ret ptr %rows
}}
define i64 @host_call(i32 %number, i64 %a, i64 %b, i64 %c, i64 %d) noinline {{
  %out = alloca i64
  %n = zext i32 %number to i64
  %place = getelementptr i64, ptr inttoptr (i64 {FUNCTIONS} to ptr), i64 %n
  %function = load ptr, ptr %place
  %status = call i32 %function(ptr %out, ptr null, i64 %a, i64 %b, i64 %c, i64 %d)
  %result = load i64, ptr %out
  ret i64 %result
}}
"""

BARRIERS = f"""
define linkonce_odr void @"nvvm.barrier0"(i32 %place) alwaysinline {{
  %p = zext i32 %place to i64
  %high = shl i64 %p, 8
  %reason = or i64 %high, {BARRIER}
  call void @suspend(i64 %reason)
  ret void
}}
; the number of threads whose predicate is true; the scheduler counts when all threads have arrived
define linkonce_odr i32 @"nvvm.barrier0.popc"(i32 %place, i32 %predicate) alwaysinline {{
  %t = call i32 @"nvvm.read.ptx.sreg.thread"()
  %at = sext i32 %t to i64
  %own = getelementptr i32, ptr inttoptr (i64 {PREDICATES} to ptr), i64 %at
  %true = icmp ne i32 %predicate, 0
  %bit = zext i1 %true to i32
  store i32 %bit, ptr %own
  call void @"nvvm.barrier0"(i32 %place)
  %count = load i32, ptr {_register(COUNT)}
  ret i32 %count
}}
define linkonce_odr i32 @"nvvm.barrier0.or"(i32 %place, i32 %predicate) alwaysinline {{
  %count = call i32 @"nvvm.barrier0.popc"(i32 %place, i32 %predicate)
  %any = icmp ne i32 %count, 0
  %bit = zext i1 %any to i32
  ret i32 %bit
}}
define linkonce_odr i32 @"nvvm.barrier0.and"(i32 %place, i32 %predicate) alwaysinline {{
  %count = call i32 @"nvvm.barrier0.popc"(i32 %place, i32 %predicate)
  %x = call i32 @"nvvm.read.ptx.sreg.ntid.x"()
  %y = call i32 @"nvvm.read.ptx.sreg.ntid.y"()
  %z = call i32 @"nvvm.read.ptx.sreg.ntid.z"()
  %plane = mul i32 %x, %y
  %threads = mul i32 %plane, %z
  %all = icmp eq i32 %count, %threads
  %bit = zext i1 %all to i32
  ret i32 %bit
}}
define linkonce_odr void @"nvvm.bar.warp.sync"(i32 %mask) alwaysinline {{
  call void @wait_for_lanes(i32 %mask, i32 {SYNCWARP})
  ret void
}}
"""

COLLECTIVES = f"""
define linkonce_odr {{i32, i1}} @"nvvm.shfl.sync.i32"(i32 %mask, i32 %mode, i32 %value, i32 %b, i32 %c) alwaysinline {{
  %row = call ptr @own_row()
  store i32 %value, ptr %row
  call void @wait_for_lanes(i32 %mask, i32 {SHUFFLE})
  %lane = call i32 @"nvvm.read.ptx.sreg.laneid"()
  %clamp = and i32 %c, 31
  %field = lshr i32 %c, 8
  %segment = and i32 %field, 31
  %keep = xor i32 %segment, 31
  %first = and i32 %lane, %segment
  %last.low = and i32 %clamp, %keep
  %last = or i32 %first, %last.low
  %is.index = icmp eq i32 %mode, 0
  %is.up = icmp eq i32 %mode, 1
  %is.down = icmp eq i32 %mode, 2
  %low = and i32 %b, %keep
  %index = or i32 %low, %first
  %up = sub i32 %lane, %b
  %down = add i32 %lane, %b
  %across = xor i32 %lane, %b
  %s0 = select i1 %is.down, i32 %down, i32 %across
  %s1 = select i1 %is.up, i32 %up, i32 %s0
  %source = select i1 %is.index, i32 %index, i32 %s1
  %not.below = icmp sge i32 %source, %last
  %not.above = icmp sle i32 %source, %last
  %fits = select i1 %is.up, i1 %not.below, i1 %not.above
  %from = select i1 %fits, i32 %source, i32 %lane
  %rows = call ptr @warp_rows(ptr %row)
  %wide = sext i32 %from to i64
  %place = getelementptr [{ROW_WORDS} x i32], ptr %rows, i64 %wide
  %got = load i32, ptr %place
  %r0 = insertvalue {{i32, i1}} undef, i32 %got, 0
  %r1 = insertvalue {{i32, i1}} %r0, i1 %fits, 1
  ret {{i32, i1}} %r1
}}
define linkonce_odr {{i32, i1}} @"nvvm.vote.sync"(i32 %mask, i32 %mode, i1 %predicate) alwaysinline {{
  %row = call ptr @own_row()
  %value = zext i1 %predicate to i32
  store i32 %value, ptr %row
  call void @wait_for_lanes(i32 %mask, i32 {VOTE})
  %rows = call ptr @warp_rows(ptr %row)
  br label %loop
loop:
  %lane = phi i32 [ 0, %0 ], [ %next, %loop ]
  %so.far = phi i32 [ 0, %0 ], [ %ballot, %loop ]
  %wide = zext i32 %lane to i64
  %place = getelementptr [{ROW_WORDS} x i32], ptr %rows, i64 %wide
  %vote = load i32, ptr %place
  %bit = shl i32 %vote, %lane
  %ballot = or i32 %so.far, %bit
  %next = add i32 %lane, 1
  %over = icmp eq i32 %next, 32
  br i1 %over, label %counted, label %loop
counted:
  %those = and i32 %ballot, %mask
  %all = icmp eq i32 %those, %mask
  %any = icmp ne i32 %those, 0
  %none = icmp eq i32 %those, 0
  %equal = or i1 %all, %none
  %is.all = icmp eq i32 %mode, 0
  %is.any = icmp eq i32 %mode, 1
  %p0 = select i1 %is.any, i1 %any, i1 %equal
  %p = select i1 %is.all, i1 %all, i1 %p0
  %r0 = insertvalue {{i32, i1}} undef, i32 %those, 0
  %r1 = insertvalue {{i32, i1}} %r0, i1 %p, 1
  ret {{i32, i1}} %r1
}}
define linkonce_odr float @"nvvm.atomic.load.add.f32.p0f32"(ptr %p, float %v) alwaysinline {{
  %old = atomicrmw fadd ptr %p, float %v monotonic, align 4
  ret float %old
}}
"""
FENCES = "".join(define("void", f"nvvm.membar.{scope}", "", "  ret void") for scope in ("cta", "gl", "sys"))


def text() -> str:
    """All definitions."""
    return _registers() + WAITING + BARRIERS + COLLECTIVES + FENCES
