"""Compiling in several processes."""

import io
import json
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from netspec.bench.peak import scale_chains
from netspec.diagnostics.failure import CompilerBug
from netspec.kernels.cpu.language.jit import kernel
from netspec.kernels.cpu.language.tile import TileShape
from netspec.kernels.cpu.layers.sums import sum_images
from netspec.kernels.cpu.layers.update import sgd_update
from netspec.runtime import compile_workers
from netspec.runtime.cache import Code
from netspec.runtime.compile_server import answer_all
from netspec.runtime.cpu.compilation import COMPILER, VERSION, Unit, compile_unit, unit_at
from netspec.runtime.cpu.driver import take_part

UNITS = tuple(Unit(sum_images, TileShape(rows, 1, 4, 32)) for rows in range(1, 9))


@pytest.fixture
def one_worker(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """Two processors, whatever there are; the workers that were started."""
    started: list[subprocess.Popen[bytes]] = []
    start: Callable[[], Any] = getattr(compile_workers, "_start")  # noqa: B009
    monkeypatch.setattr(compile_workers, "_processors", lambda: 2)
    monkeypatch.setattr(compile_workers, "_start", lambda module: started.append(start(module)) or started[-1])
    return started


def test_every_function_is_compiled_once(one_worker: list[subprocess.Popen[bytes]]) -> None:
    made = list(compile_workers.compile_units(UNITS, COMPILER))
    assert sorted(unit.name for unit, _ in made) == sorted(unit.name for unit in UNITS)
    assert all(code.symbol.encode() in code.object_file for _, code in made)
    assert [worker.returncode is not None for worker in one_worker] == [True]


SAYS_VERSION = f"print({VERSION!r}, flush=True); input(); "


@pytest.mark.parametrize(
    ("server", "asked"),
    [
        ("raise SystemExit", 0),
        ("print('another version', flush=True); input(); input()", 0),
        (SAYS_VERSION + "raise SystemExit", 1),
        (SAYS_VERSION + "print('[\"half\", 100]')", 1),
        (SAYS_VERSION + "print('nonsense')", 1),
        (SAYS_VERSION + "import time; time.sleep(1000)", 1),
    ],
)
def test_what_a_worker_does_not_deliver_is_compiled_here(
    server: str, asked: int, one_worker: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Unit] = []
    delegate: Callable[..., Code | None] = getattr(compile_workers, "_delegate")  # noqa: B009
    monkeypatch.setattr(compile_workers, "_delegate", lambda unit, *pipes: given.append(unit) or delegate(unit, *pipes))
    slow = replace(COMPILER, compile=compile_slowly)
    monkeypatch.setattr(compile_workers, "SERVER", server)
    monkeypatch.setattr(compile_workers, "PATIENCE_SECONDS", 0.5)
    assert dict(compile_workers.compile_units(UNITS, slow)) == {unit: Code(unit.name, b"") for unit in UNITS}
    assert len(given) == asked


def compile_slowly(unit: Unit) -> Code:
    """Long enough for a worker to take its share."""
    time.sleep(0.1)
    return Code(unit.name, b"")


def test_no_worker_outlives_who_stops_listening(one_worker: list[subprocess.Popen[bytes]]) -> None:
    making = compile_workers.compile_units(UNITS, COMPILER)
    next(making)
    assert one_worker[0].poll() is None
    making.close()  # type: ignore[attr-defined]
    assert one_worker[0].poll() is not None


def test_where_no_process_can_be_started_everything_is_compiled_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError("no more processes")

    monkeypatch.setattr(compile_workers, "_processors", lambda: 2)
    monkeypatch.setattr(subprocess, "Popen", refused)
    assert len(list(compile_workers.compile_units(UNITS[:4], COMPILER))) == 4


def test_few_functions_are_not_worth_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compile_workers, "_processors", lambda: 64)
    assert [compile_workers.workers_for(count) for count in (0, 3, 4, 9, 1000)] == [
        0,
        0,
        1,
        2,
        compile_workers.MOST_WORKERS,
    ]
    monkeypatch.setattr(compile_workers, "_processors", lambda: 1)
    assert compile_workers.workers_for(1000) == 0
    monkeypatch.setattr("sys.executable", None)
    assert compile_workers.workers_for(1000) == 0


def test_a_server_compiles_what_it_is_asked_for() -> None:
    units = (UNITS[0], Unit(sgd_update, TileShape(1, 1, 4, 32)))
    requests = io.BytesIO(b"".join(json.dumps(unit.address).encode() + b"\n" for unit in units))
    answers = io.BytesIO()
    answer_all(COMPILER, requests, answers)
    version, _, rest = answers.getvalue().partition(b"\n")
    assert version.decode() == VERSION
    for unit in units:
        head, _, rest = rest.partition(b"\n")
        symbol, size_bytes = json.loads(head)
        assert symbol == compile_unit(unit).symbol
        object_file, rest = rest[:size_bytes], rest[size_bytes:]
        assert len(object_file) == size_bytes
    assert rest == b""


def test_a_worker_compiles_though_numba_has_been_asked_to_print(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NUMBA_DUMP_IR", "NUMBA_DEBUG_TYPEINFER", "NUMBA_DUMP_ASSEMBLY"):
        monkeypatch.setenv(name, "1")
    worker = getattr(compile_workers, "_start")(COMPILER.module)  # noqa: B009
    try:
        assert worker.stdout.readline().strip() == VERSION.encode()
        code = getattr(compile_workers, "_delegate")(UNITS[0], worker.stdin, worker.stdout)  # noqa: B009
        assert code.symbol.encode() in code.object_file
    finally:
        worker.kill()
        worker.communicate()


def test_an_address_finds_the_function_again() -> None:
    for unit in (*UNITS, Unit(take_part)):
        assert unit_at(json.loads(json.dumps(unit.address))) == unit


def test_a_function_outside_of_netspec_is_compiled_here_and_its_faults_show() -> None:
    @kernel
    def raising(tile: Any, arena: Any, d: Any, state: Any, begin: Any, end: Any, thread: Any) -> None:
        raise ValueError("no")

    with pytest.raises(CompilerBug, match="raising may raise"):
        list(compile_workers.compile_units((*UNITS[:1], Unit(raising, TileShape(1, 1, 4, 32))), COMPILER))


def test_a_kernel_whose_source_is_no_part_of_the_version_carries_its_hash() -> None:
    assert Unit(sum_images, TileShape(8, 1, 16, 32)).name == "netspec.kernels.cpu.layers.sums.sum_images-8x1x16r32"
    name, dash, digest = Unit(scale_chains, TileShape(8, 3, 16, 32)).name.rpartition("-")
    assert (name, dash, len(digest)) == ("netspec.bench.peak.scale_chains-8x3x16r32", "-", 12)
