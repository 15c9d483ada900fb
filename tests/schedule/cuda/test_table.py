"""Builders, and the kernels that their calls name."""

from importlib import import_module
from inspect import signature
from typing import Any, get_args

import pytest

from netspec.ir.operations import Operation, PooledConvolution
from netspec.resources import bundled_specs
from netspec.schedule.cuda.table import CALLS
from netspec.targets.cuda.program import Buffer, Call
from tests.schedule.cuda.plans import OTHER_LAYERS, calls_of, gradient_plan, plans_of
from tests.schedule.nets import bundled, experiment

BY_THE_RUNTIME = {"draw_normal", "draw_uniform"}
"""Kernels that no plan names: those of initial values."""


@pytest.fixture(scope="module")
def calls() -> tuple[Call[Buffer], ...]:
    """The calls of all bundled specs and of a net of other layers, and those of a gradient by the image."""
    specs = (*(bundled(name) for name in bundled_specs()), experiment(OTHER_LAYERS))
    programs = (*(program for spec in specs for program in plans_of(spec)), gradient_plan(bundled("cifar10_resnet9")))
    return tuple(call for program in programs for call in calls_of(program))


@pytest.fixture(scope="module")
def kernels() -> dict[str, Any]:
    """Kernels by name; skips the test where the extra is not installed."""
    pytest.importorskip("numba_cuda", reason="the extra `cuda` is not installed")
    return import_module("netspec.kernels.cuda.table").KERNELS


def test_every_operation_but_the_cpu_s_own_has_a_builder() -> None:
    assert set(CALLS) == set(get_args(Operation)) - {PooledConvolution}


def test_calls_have_an_argument_for_each_parameter_of_their_kernel(
    calls: tuple[Call[Buffer], ...], kernels: dict[str, Any]
) -> None:
    for call in calls:
        assert len(call.arguments) == len(signature(kernels[call.kernel]).parameters), call


def test_every_kernel_is_used(calls: tuple[Call[Buffer], ...], kernels: dict[str, Any]) -> None:
    assert kernels.keys() - {call.kernel for call in calls} <= BY_THE_RUNTIME
