"""Calls of `check.seen` before every load, store and atomic operation of a kernel.

The kernel is inlined before, and its variables are in registers. Memory of the thread alone (local arrays, arguments)
and constants are not watched, but an index into a local array that is not a constant is compared with the array's size.
A faulty access is directed to spare memory, so that the process survives it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import llvmlite.binding as llvm

from tests.cuda_native.assembly import host_call
from tests.cuda_native.check import ATOMIC, READ, WRITE, seen
from tests.cuda_native.memory import BASE, CONTROL, LOCAL_FAULT, SHARED, SPARE, SPARE_BYTES

NAME = r'%(?:"[^"]*"|[\w.$-]+)'
POINTER = rf"{NAME}|@(?:\"[^\"]*\"|[\w.$-]+)|inttoptr \(i64 \d+ to ptr\)"
TYPE = r"<[^>]*>|\[[^@%]*?\](?=[ ,])|\{[^@%]*?\}(?=[ ,])|\w+"
ACCESSES = (
    (READ, re.compile(rf"^  {NAME} = load (?:volatile )?(?P<kind>{TYPE}), ptr (?P<pointer>{POINTER})")),
    (WRITE, re.compile(rf"^  store (?:volatile )?(?P<kind>{TYPE}) .*?, ptr (?P<pointer>{POINTER})(?=,|$)")),
    (ATOMIC, re.compile(rf"^  {NAME} = atomicrmw (?:volatile )?\w+ ptr (?P<pointer>{POINTER}), (?P<kind>{TYPE})")),
    (ATOMIC, re.compile(rf"^  {NAME} = cmpxchg (?:volatile )?ptr (?P<pointer>{POINTER}), (?P<kind>{TYPE})")),
)
OPENINGS = re.compile(rf"^  (?:{NAME} = )?(?:load|store|atomicrmw|cmpxchg)\b|call .*@llvm\.mem")
FILLED = re.compile(rf"^  (?:tail )?call void @llvm\.memset\.[^(]*\(ptr (?:[a-z]+ |\w+\(\d+\) )*({NAME}),")
"""a local array that is filled with zeros"""
DERIVED = re.compile(rf"^  (?P<name>{NAME}) = (?P<how>getelementptr|select|phi ptr|alloca)\b(?P<rest>.*)")
ALIGN = re.compile(r", align (\d+)")


def watched(module: Any, machine: Any, entry: str) -> tuple[Any, int]:
    """The module with watched accesses in the function `entry`, and the bytes of the narrowest access."""
    _simplify(module, machine, entry)
    whole = str(module)
    begin = re.search(rf'^define [^\n]*@"?{re.escape(entry)}"?\(', whole, re.M)
    assert begin is not None
    end = whole.index("\n}", begin.start())
    inserted = _Inserter(whole[begin.start() : end].splitlines(), machine)
    body = "\n".join(inserted.lines)
    return llvm.parse_assembly(whole[: begin.start()] + body + whole[end:]), inserted.narrowest


def _simplify(module: Any, machine: Any, entry: str) -> None:
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=1))
    inlining = llvm.create_new_module_pass_manager()
    inlining.add_always_inliner_pass()
    inlining.run(module, builder)
    simplifying = llvm.create_new_function_pass_manager()
    for _ in range(2):
        simplifying.add_sroa_pass()
        simplifying.add_instruction_combine_pass()
        simplifying.add_simplify_cfg_pass()
    simplifying.run(module.get_function(entry), builder)


class _Inserter:
    """The lines of a function with what watching inserts."""

    def __init__(self, lines: list[str], machine: Any) -> None:
        self._machine = machine
        self._pointers = _Pointers(lines)
        self._number = 0
        self.lines: list[str] = []
        self.narrowest = 4
        for line in lines:
            self.lines += self._inserted(line)

    def _inserted(self, line: str) -> list[str]:
        if not OPENINGS.search(line):
            return [line]
        filled = FILLED.match(line)
        if filled and self._pointers.is_own(filled[1]):
            return [line]
        for kind, pattern in ACCESSES:
            match = pattern.match(line)
            if match:
                return self._access(line, kind, match)
        raise NotImplementedError(f"watching of `{line.strip()}`")

    def _access(self, line: str, kind: int, match: re.Match[str]) -> list[str]:
        pointer, size_bytes = match["pointer"], _size_bytes(match["kind"], self._machine)
        self._number += 1
        name = f"%seen.{self._number}"
        if self._pointers.is_own(pointer):
            local = self._pointers.local(pointer)
            lines = [] if local is None else _local_check(name, pointer, *local, size_bytes, self._machine)
        else:
            self.narrowest = min(self.narrowest, size_bytes)
            align = ALIGN.search(line)
            how = f"{size_bytes << 8 | int(align[1] if align else 1)}"
            lines = [f"  {name}.at = ptrtoint ptr {pointer} to i64"]
            own = self._may_be_local(name, pointer, lines)
            lines += [
                f"  {name}.to = {host_call(seen, f'{name}.at', how, str(kind), own)}",
                f"  {name} = inttoptr i64 {name}.to to ptr",
            ]
        if not lines:
            return [line]
        begin, end = match.span("pointer")
        return [*lines, line[:begin] + name + line[end:]]

    def _may_be_local(self, name: str, pointer: str, lines: list[str]) -> str:
        """An i64: 1 where a pointer that is chosen at run time is to a local array. Appends what computes it."""
        own = "0"
        for number, (array, kind) in enumerate(self._pointers.arrays(pointer)):
            each = f"{name}.{number}"
            lines += [
                f"  {each}.first = ptrtoint ptr {array} to i64",
                f"  {each}.offset = sub i64 {name}.at, {each}.first",
                f"  {each}.inside = icmp ult i64 {each}.offset, {_size_bytes(kind, self._machine)}",
                f"  {each}.bit = zext i1 {each}.inside to i64",
                f"  {each} = or i64 {each}.bit, {own}",
            ]
            own = each
        return own


def _local_check(name: str, pointer: str, array: str, kind: str, size_bytes: int, machine: Any) -> list[str]:
    """`name` is `pointer`, or spare memory where that is outside of the local array; LOCAL_FAULT says so."""
    array_bytes = _size_bytes(kind, machine)
    assert size_bytes <= SPARE_BYTES
    fault = f"inttoptr (i64 {CONTROL + 8 * LOCAL_FAULT} to ptr)"
    return [
        f"  {name}.at = ptrtoint ptr {pointer} to i64",
        f"  {name}.first = ptrtoint ptr {array} to i64",
        f"  {name}.offset = sub i64 {name}.at, {name}.first",
        f"  {name}.bad = icmp ugt i64 {name}.offset, {array_bytes - size_bytes}",
        f"  {name}.bit = zext i1 {name}.bad to i64",
        f"  {name}.old = load i64, ptr {fault}",
        f"  {name}.new = or i64 {name}.old, {name}.bit",
        f"  store i64 {name}.new, ptr {fault}",
        f"  {name} = select i1 {name}.bad, ptr inttoptr (i64 {SPARE} to ptr), ptr {pointer}",
    ]


@dataclass
class _Pointers:
    """Which pointers of a function are to memory of its thread alone, and to which local array."""

    lines: list[str]
    _allocated: dict[str, str] = field(default_factory=dict)
    """type of each local array"""
    _sources: dict[str, list[str]] = field(default_factory=dict)
    """pointers that a pointer is made from"""
    _variable: set[str] = field(default_factory=set)
    """pointers made with an index that is not a constant"""

    def __post_init__(self) -> None:
        for line in self.lines:
            made = DERIVED.match(line)
            if made and made["how"] == "alloca":
                self._allocated[made["name"]] = re.match(rf" ({TYPE})", made["rest"])[1]  # type: ignore[index]
            elif made:
                self._derive(made["name"], made["how"], made["rest"])
        self._own = set(self._allocated) | set(self._sources)
        while foreign := {name for name in self._own if not all(map(self.is_own, self._sources.get(name, ())))}:
            self._own -= foreign

    def _derive(self, name: str, how: str, rest: str) -> None:
        if how == "phi ptr":
            self._sources[name] = re.findall(r"\[ (.+?), %", rest)
        elif how == "select":
            self._sources[name] = re.findall(r", ptr ([^,]+)", rest)
        else:
            self._sources[name] = re.findall(rf", ptr ({POINTER}|\S+)", rest)[:1]
            if re.search(rf", i\d+ {NAME}", rest):
                self._variable.add(name)

    def is_own(self, pointer: str) -> bool:
        """Whether accesses to it are not watched."""
        if pointer.startswith("inttoptr"):
            address = int(re.findall(r"\d+", pointer)[1])
            return BASE <= address < SHARED
        return pointer.startswith("@") or pointer in ("%arguments", "%frame") or pointer in self._own

    def arrays(self, pointer: str) -> list[tuple[str, str]]:
        """The local arrays, by name and type, that `pointer` may be made from."""
        reached, open_names = set[str](), [pointer]
        while open_names:
            name = open_names.pop()
            if name not in reached:
                reached.add(name)
                open_names += self._sources.get(name, ())
        return [(name, self._allocated[name]) for name in sorted(reached & self._allocated.keys())]

    def local(self, pointer: str) -> tuple[str, str] | None:
        """The local array, by name and type, that `pointer` is an element of by a variable index."""
        variable = False
        while len(self._sources.get(pointer, ())) == 1:
            variable = variable or pointer in self._variable
            pointer = self._sources[pointer][0]
        kind = self._allocated.get(pointer)
        return (pointer, kind) if variable and kind is not None else None


@cache
def _module_of(kind: str) -> Any:
    return llvm.parse_assembly(f"@x = external global {kind}")


def _size_bytes(kind: str, machine: Any) -> int:
    """The bytes in memory of a type."""
    return machine.target_data.get_abi_size(_module_of(kind).get_global_variable("x").global_value_type)
