"""A kernel's LLVM IR compiled to an object file for this processor.

A kernel whose threads wait for each other becomes a coroutine of LLVM of the kind with returned continuations.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from typing import Any

import llvmlite.binding as llvm

from netspec.runtime.cache import Code
from tests.cuda_native import arithmetic, assembly, device, library, watching
from tests.cuda_native.frontend import device_ir
from tests.cuda_native.memory import FRAME_BYTES, SHARED
from tests.cuda_native.store import host_features
from tests.cuda_native.text import numbered_barriers, opaque, rewritten, static_bytes

WAITS = re.compile(r"nvvm\.(barrier|bar\.|shfl|vote|match)|\.sync\.aligned")
ALIGNED = re.compile(r"^(.*\b(?:load|store) .*, align )\d+", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Compiled:
    """Facts of a kernel's code.

    `waits`: its threads wait for each other. `static_bytes`: static shared memory. `host_functions`: numbers of those
    that it calls. `granule_bytes`: the narrowest watched access.
    """

    symbol: str
    waits: bool
    static_bytes: int
    host_functions: tuple[int, ...]
    granule_bytes: int

    def header(self) -> str:
        return json.dumps(asdict(self))

    @staticmethod
    def of(header: str) -> Compiled:
        facts = json.loads(header)
        return Compiled(**facts | {"host_functions": tuple(facts["host_functions"])})


def compiled(function: Any, signature: Any, symbol: str, *, watched: bool) -> Code:
    """The object file of a kernel; the code's symbol is the header of its `Compiled`. Raises NotImplementedError for an
    instruction or a function of NVVM without a definition here."""
    texts, name = device_ir(function, signature)
    modules, shared_bytes = _modules(texts)
    waits = any(WAITS.search(text) for text in modules)
    kernel = next(text for text in modules if f'define void @"{name}"' in text)
    modules.append(_entry(symbol, name, kernel, waits))
    linked = _linked(modules)
    machine = _target_machine()
    linked.triple, linked.data_layout = machine.triple, str(machine.target_data)
    linked.verify()
    _refuse_missing(linked, function)
    for each in linked.functions:
        if not each.is_declaration and each.name != symbol:
            each.linkage = "internal"
    granule_bytes = 4
    if watched:
        linked, granule_bytes = watching.watched(linked, machine, symbol)
    else:
        linked = _unaligned(linked)
    calls = {int(number) for number in re.findall(r"@host_call\(i32 (\d+)", str(linked))}
    _optimize(linked, machine)
    facts = Compiled(symbol, waits, shared_bytes, tuple(sorted(calls)), granule_bytes)
    return Code(facts.header(), machine.emit_object(linked))


def _modules(texts: tuple[str, ...]) -> tuple[list[str], int]:
    """The modules in the words of this LLVM, and the bytes of their static shared memory, after which the dynamic
    begins."""
    opaque_texts = [opaque(text) for text in texts]
    sizes = [static_bytes(text) for text in opaque_texts]
    dynamic = SHARED + sum(sizes)
    modules = [rewritten(text, SHARED + sum(sizes[:number]), dynamic) for number, text in enumerate(opaque_texts)]
    return numbered_barriers(modules), sum(sizes)


def _linked(modules: list[str]) -> Any:
    """One module, with the functions of NVVM that are called."""
    modules = [*modules, library.needed("\n".join(modules))]
    texts, functions = list[str](), dict[str, str]()
    for module in modules:
        text, made = assembly.replaced(module)
        texts.append(text)
        functions |= made
    # last: a `linkonce` function is linked only where it is called already
    definitions = device.text() + arithmetic.text() + "".join(functions.values())
    linked = llvm.parse_assembly(texts[0])
    for text in (*texts[1:], definitions):
        linked.link_in(llvm.parse_assembly(text))
    return linked


def _refuse_missing(module: Any, function: Any) -> None:
    declared = [each.name for each in module.functions if each.is_declaration]
    missing = sorted(name for name in declared if name.startswith(("nvvm.", "asm.", "__nv", "vprintf")))
    missing += re.findall(r"call [^@\n]* asm [^\n]*", str(module))
    if missing:
        raise NotImplementedError(f"`{function.__name__}` calls {', '.join(missing)}")


def _unaligned(module: Any) -> Any:
    """The module without alignments: a misaligned vector access must not end the process. Watching reports it."""
    return llvm.parse_assembly(ALIGNED.sub(r"\g<1>1", str(module)))


def _entry(symbol: str, name: str, kernel: str, waits: bool) -> str:
    """A function that reads the kernel's arguments from memory, one in each 64-bit word, and runs a thread."""
    declaration = re.search(rf'define void @"{re.escape(name)}"\((.*?)\)', kernel)
    assert declaration is not None
    kinds = [parameter.split()[0] for parameter in declaration[1].split(", ")] if declaration[1] else []
    loads = "".join(
        f"  %p{i} = getelementptr i64, ptr %arguments, i64 {i}\n  %a{i} = load {kind}, ptr %p{i}\n"
        for i, kind in enumerate(kinds)
    )
    passed = ", ".join(f"{kind} %a{i}" for i, kind in enumerate(kinds))
    declared = f'declare void @"{name}"({", ".join(kinds)})\n'
    calling = f'{loads}  call void @"{name}"({passed})\n'
    if not waits:
        return f'{declared}define void @"{symbol}"(ptr %arguments) {{\n{calling}  ret void\n}}\n'
    return declared + COROUTINE.replace("SYMBOL", symbol).replace("CALLING", calling)


COROUTINE = f"""
define {{ptr, i64}} @"SYMBOL"(ptr %frame, ptr %arguments) presplitcoroutine {{
  %id = call token @llvm.coro.id.retcon(i32 {FRAME_BYTES}, i32 16, ptr %frame, ptr @prototype, ptr @allocate, ptr @free)
  %handle = call ptr @llvm.coro.begin(token %id, ptr null)
CALLING
  call void @llvm.coro.end(ptr %handle, i1 false, token none)
  unreachable
}}
define linkonce_odr ptr @allocate(i32 %size) {{
  %wide = zext i32 %size to i64
  %place = call ptr @malloc(i64 %wide)
  ret ptr %place
}}
declare ptr @malloc(i64)
declare void @free(ptr)
declare {{ptr, i64}} @prototype(ptr, i1)
declare token @llvm.coro.id.retcon(i32, i32, ptr, ptr, ptr, ptr)
declare ptr @llvm.coro.begin(token, ptr writeonly)
declare void @llvm.coro.end(ptr, i1, token)
"""


def _target_machine() -> Any:
    target = llvm.Target.from_triple(llvm.get_process_triple())
    return target.create_target_machine(cpu=llvm.get_host_cpu_name(), features=host_features(), opt=3, jit=True)


def _optimize(module: Any, machine: Any) -> None:
    tuning = llvm.create_pipeline_tuning_options(speed_level=3)
    builder = llvm.create_pass_builder(machine, tuning)
    builder.getModulePassManager().run(module, builder)
