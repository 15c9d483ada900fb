"""The kinds of processor that programs are planned for."""

from __future__ import annotations

from netspec.targets.cpu.processor import CpuTarget

Target = CpuTarget
"""One class a kind of processor; `compiler.py` has a planner for each."""
