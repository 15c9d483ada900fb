"""Descriptors: words by name, and what a row refuses."""
# pyright: basic

from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from netspec.diagnostics.failure import CompilerBug
from netspec.kernels import cpu
from netspec.kernels.cpu.language.descriptor import Operand, Words, places, width, words_of
from netspec.kernels.cpu.language.jit import kernel
from netspec.kernels.cpu.language.lowering import KernelDispatcher
from netspec.kernels.cpu.language.rows import Row
from netspec.targets.cpu.program import Tile


class Inner(NamedTuple):
    a: int
    b: float


class Outer(NamedTuple):
    x: Operand
    factor: float
    inner: Inner
    count: int
    more: tuple[Inner, ...]


class Early(NamedTuple):
    numbers: tuple[int, ...]
    count: int


class Within(NamedTuple):
    early: Outer
    count: int


@kernel
def reads_outer(tile, arena, d: Words[Outer], state, begin, end, thread):
    pass


@kernel
def reads_anything(tile, arena, d, state, begin, end, thread):
    pass


ENDING = (Inner(7, 8.0), Inner(9, 10.0))
OUTER = Outer(x=Operand(0, 1), factor=2.0, inner=Inner(a=3, b=4.0), count=5, more=ENDING)
FOLDER = Path(cpu.__path__[0])
MODULES = [path.relative_to(FOLDER).with_suffix("").as_posix().replace("/", ".") for path in FOLDER.rglob("*.py")]


def kernels(module: str) -> dict[str, Any]:
    """The kernels that a module defines, by name."""
    found = vars(import_module(f"{cpu.__name__}.{module}"))
    jitted = {name: value for name, value in found.items() if isinstance(value, KernelDispatcher)}
    return {name: value for name, value in jitted.items() if "forceinline" not in value.targetoptions}


def test_words_stand_where_their_places_say() -> None:
    at, words = places(Outer), words_of(reads_outer, OUTER)
    assert (words[at.x.group], words[at.factor], words[at.inner.b], words[at.count]) == (1, 2.0, 4.0, 5)
    inner, first = places(Inner), at.more + width(Inner)  # pyright: ignore[reportOperatorIssue]
    assert (words[first + inner.a], words[first + inner.b]) == (9, 10.0)
    assert (width(Outer), len(words)) == (6, 10)


def test_places_may_be_counted_from_a_later_word() -> None:
    assert (places(Inner, 30).a, places(Inner, 30).b) == (30, 31)


def test_an_integer_in_a_field_of_reals_becomes_a_real() -> None:
    words = words_of(reads_outer, OUTER._replace(factor=2))
    assert isinstance(words[places(Outer).factor], float)


@pytest.mark.parametrize(
    "descriptor",
    [
        (*OUTER,),
        Inner(1, 2.0),
        OUTER._replace(count=5.0),
        OUTER._replace(count=None),
        OUTER._replace(factor="2"),
        OUTER._replace(inner=(3, 4.0)),
        OUTER._replace(x=Inner(0, 1)),
        OUTER._replace(more=(Inner(7, 8.0), Operand(9, 10))),
        OUTER._replace(more=[Inner(7, 8.0)]),
    ],
)
def test_a_row_refuses_a_descriptor_that_its_kernel_does_not_read(descriptor: Any) -> None:
    assert Row(reads_outer, Tile(1, 1), OUTER, 1).words[:2] == (0, 1)
    with pytest.raises(CompilerBug):
        Row(reads_outer, Tile(1, 1), descriptor, 1)


def test_a_row_refuses_a_kernel_that_names_no_descriptor() -> None:
    with pytest.raises(CompilerBug, match="reads_anything"):
        Row(reads_anything, Tile(1, 1), OUTER, 1)


@pytest.mark.parametrize("descriptor", [Early, Within])
def test_only_the_last_field_may_have_any_length(descriptor: Any) -> None:
    with pytest.raises(CompilerBug, match="any length"):
        places(descriptor)


@pytest.mark.parametrize("module", sorted(MODULES))
def test_every_kernel_names_its_descriptor(module: str) -> None:
    for found in kernels(module).values():
        with pytest.raises(CompilerBug, match="reads a"):
            words_of(found, None)
