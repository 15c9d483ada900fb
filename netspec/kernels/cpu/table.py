"""The CPU kernels, one entry per operation: what a launch of it puts into the launch table."""

from __future__ import annotations

from netspec.ir.operations import Operation
from netspec.kernels.cpu.rows import RowBuilder

KERNELS: dict[type[Operation], RowBuilder] = {}
