"""Kernels as assembly of a 64-bit ARM, made from their code for this processor: read, never run."""

import re

import llvmlite.binding as llvm
import pytest

from netspec.runtime.cpu.compilation import Unit

MULTIPLY = re.compile(r"^fm(la|ls|ul)\s+v\d+\.4s")
STACKED_VECTOR = re.compile(r"^(ld|st)[rpu]+\s.*\bq\d+,.*\[sp\b")
LABEL = re.compile(r"^(\.L\w+):")
JUMP = re.compile(r"^(b(?:\.\w+)?\s+|cbn?z\s+\w+,\s*|tbn?z\s+\w+,\s*#\d+,\s*)(\.L\w+)$")


def arm() -> llvm.Target:
    """LLVM's 64-bit ARM. Skips the test where LLVM was built without it."""
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    try:
        return llvm.Target.from_triple("aarch64-unknown-linux-gnu")
    except RuntimeError:
        pytest.skip("this LLVM knows no ARM")


def arm_assembly(unit: Unit) -> str:
    """The assembly of a kernel. Skips as `arm`."""
    machine = arm().create_target_machine(cpu="neoverse-n1", opt=3)
    unit.function.compile(unit.arguments)
    parsed = llvm.parse_assembly(_without_host(unit.function.inspect_llvm(unit.arguments)))
    parsed.triple, parsed.data_layout = machine.triple, str(machine.target_data)
    return machine.emit_assembly(parsed)


def arm_instructions(assembly: str) -> list[tuple[int, str]]:
    """Number and text of every instruction; a jump names the number of where it goes, in hexadecimal digits."""
    labels, texts = dict[str, int](), list[str]()
    for line in assembly.splitlines():
        label, text = LABEL.match(line), line.partition("//")[0].strip()
        if label:
            labels[label[1]] = len(texts)
        elif line.startswith("\t") and text and not text.startswith("."):
            texts.append(" ".join(text.split()))
    return [(k, JUMP.sub(lambda jump: f"{jump[1]}{labels[jump[2]]:x}", text)) for k, text in enumerate(texts)]


def _without_host(module: str) -> str:
    """The module without what names the processor it was made for."""
    text = re.sub(r"^target (triple|datalayout) = .*$", "", module, flags=re.MULTILINE)
    return re.sub(r'"target-(cpu|features)"="[^"]*"', "", text)
