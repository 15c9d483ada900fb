"""Numba's own settings: what breaks kernels is named, with a warm cache too; the others do no harm."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from numba.core import config

from netspec.diagnostics.failure import CompilerBug, DeviceError
from netspec.kernels.cpu.dense import products as dense
from netspec.kernels.cpu.language import numba_settings
from netspec.kernels.cpu.language.numba_settings import (
    NEEDED,
    NumbaSettingWarning,
    check_settings,
    load_numba,
    settings,
)
from netspec.kernels.cpu.language.tile import TileShape
from netspec.kernels.cpu.layers import loss
from netspec.kernels.cpu.layers.sums import sum_images
from netspec.runtime.cpu import compilation
from netspec.runtime.cpu.compilation import Unit, check_compiler, compile_unit, compiling
from netspec.runtime.cpu.device import host_device
from netspec.runtime.cpu.driver import take_part
from netspec.runtime.cpu.host import Processor, host_target, processor
from netspec.runtime.cpu.native import code_cache, link_kernels
from tests.cli.harness import process, run_json

NET = "net n { input 1x6x6; conv 2 3x3 relu; dense 3 }\n"
BROKEN = [
    ("NUMBA_DISABLE_JIT", "1"),
    ("NUMBA_OPT", "0"),
    ("NUMBA_OPT", "1"),
    ("NUMBA_OPT", "max"),
    ("NUMBA_DEBUGINFO", "1"),
    ("NUMBA_ENABLE_PROFILING", "1"),
    ("NUMBA_DEBUG_JIT", "1"),
    ("NUMBA_DUMP_LLVM", "1"),
    ("NUMBA_DEBUG", "1"),
    ("NUMBA_EXTEND_VARIABLE_LIFETIMES", "1"),
    ("NUMBA_LOOP_VECTORIZE", "0"),
    ("NUMBA_SLP_VECTORIZE", "1"),
]
HARMLESS = {
    "NUMBA_BOUNDSCHECK": "1",
    "NUMBA_CACHE_DIR": "/no/such/folder",
    "NUMBA_CAPTURED_ERRORS": "old_style",
    "NUMBA_COLOR_SCHEME": "dark_bg",
    "NUMBA_DEBUG_ARRAY_OPT": "1",
    "NUMBA_DEBUG_CACHE": "1",
    "NUMBA_DEBUG_FRONTEND": "1",
    "NUMBA_DEBUG_PRINT_AFTER": "nopython_type_inference",
    "NUMBA_DEBUG_TYPEINFER": "1",
    "NUMBA_DEVELOPER_MODE": "1",
    "NUMBA_DISABLE_INTEL_SVML": "1",
    "NUMBA_DUMP_ANNOTATION": "1",
    "NUMBA_DUMP_ASSEMBLY": "1",
    "NUMBA_DUMP_FUNC_OPT": "1",
    "NUMBA_DUMP_OPTIMIZED": "1",
    "NUMBA_ENABLE_CUDASIM": "1",
    "NUMBA_FULL_TRACEBACKS": "1",
    "NUMBA_LLVM_PASS_TIMINGS": "1",
    "NUMBA_LLVM_REFPRUNE_PASS": "0",
    "NUMBA_NRT_STATS": "1",
    "NUMBA_NUM_THREADS": "3",
    "NUMBA_OPT": "3",
    "NUMBA_THREADING_LAYER": "no_such_layer",
    "NUMBA_DEBUGINFO": "0",
}
PRINT_CODE = "from tests.kernels.cpu.test_numba_settings import code_hash; import sys; sys.stderr.write(code_hash())"


def code_hash() -> str:
    """Of the machine code of a few kernels and the driver, compiled in this process."""
    kernels = ((sum_images, 3), (loss.loss, 1), (dense.multiply, 2))
    units = (Unit(take_part), *(Unit(kernel, TileShape(rows, 1, 8, 32)) for kernel, rows in kernels))
    return hashlib.sha256(b"".join(compile_unit(unit).object_file for unit in units)).hexdigest()


def fresh(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A script in a process of its own, with settings."""
    variables = {**numba_settings.os.environ, **environment}
    return subprocess.run([sys.executable, "-c", script], env=variables, capture_output=True, text=True, check=False)


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every test begins and ends with the settings of the environment, and no warning said."""
    numba_settings._warn.cache_clear()
    yield
    monkeypatch.undo()
    config.reload_config()


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A spec beside a cache that holds its kernels."""
    path = tmp_path_factory.mktemp("warm") / "n.net"
    path.write_text(NET)
    assert bench(path).returncode == 0
    return path


def bench(net: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Compiles and runs every launch of a net, with the kernels that lie beside it."""
    words = ("bench", net, "--layers", "--batch", 16, "--json")
    return process(*words, XDG_CACHE_HOME=str(net.parent / "cache"), **environment)


@pytest.mark.filterwarnings("ignore:SVML")  # which Numba misses where it debugs
@pytest.mark.parametrize(("name", "value"), BROKEN)
def test_what_would_change_kernels_is_named_with_its_repair(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(DeviceError) as failure:
        host_device()
    assert failure.value.code == "E592"
    assert f"`{name}={value}`" in failure.value.message
    assert failure.value.helps == (f"`unset {name}`",)
    assert failure.value.exit_status == 3


def test_all_that_is_wrong_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_OPT", "0")
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    with pytest.raises(DeviceError, match="`NUMBA_DISABLE_JIT=1` and `NUMBA_OPT=0`"):
        check_settings()


@pytest.mark.parametrize("variable", ["NUMBA_OPT=0", "NUMBA_DISABLE_JIT=1", "NUMBA_DEBUGINFO=1"])
def test_a_setting_is_named_whether_the_cache_is_warm_or_cold(variable: str, net: Path, tmp_path: Path) -> None:
    cold = tmp_path / "n.net"
    cold.write_text(NET)
    name, _, value = variable.partition("=")
    for path in (net, cold):
        done = bench(path, **{name: value})
        assert (done.returncode, json.loads(done.stdout)["diagnostics"][0]["code"]) == (3, "E592")
        assert f"`{variable}`" in done.stderr
        assert "internal error" not in done.stderr


def test_a_library_that_links_kernels_hears_of_it_with_a_warm_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache, kernels = code_cache(tmp_path), [(sum_images, TileShape(5, 1, 2, 32))]
    unit = Unit(*kernels[0])
    cache.store(unit.name, compile_unit(unit))
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    with pytest.raises(DeviceError, match="NUMBA_DISABLE_JIT"):
        link_kernels(kernels, cache)


def test_what_a_program_assigned_is_named_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "DEBUGINFO_DEFAULT", 1)
    with pytest.raises(DeviceError, match=r"`numba.config.DEBUGINFO_DEFAULT = 1`") as failure:
        check_settings()
    assert failure.value.helps == ("`export NUMBA_DEBUGINFO=0`",)


@pytest.mark.parametrize("needed", NEEDED, ids=lambda needed: needed.attribute)
def test_the_value_that_a_repair_names_fits(needed: numba_settings.Needed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(needed.variables[0], needed.right)
    check_settings()
    assert settings()[needed.variables[0]] == needed.right
    assert needed.fits(getattr(config, needed.attribute))


def test_a_file_of_settings_counts_as_variables_do(tmp_path: Path) -> None:
    (tmp_path / "yaml.py").write_text("def safe_load(file): return {'disable_jit': 1}\n")
    (tmp_path / ".numba_config.yaml").write_text("disable_jit: 1\n")
    (tmp_path / "n.net").write_text(NET)
    done = process("compile", "n.net", cwd=tmp_path, PYTHONPATH=str(tmp_path))
    assert done.returncode == 3
    assert "error[E592]: netspec does not work with `NUMBA_DISABLE_JIT=1`" in done.stderr
    assert "`.numba_config.yaml`" in done.stderr


@pytest.mark.parametrize(
    ("variables", "code", "said"),
    [
        ({"NUMBA_CPU_NAME": "zen3"}, "E593", "LLVM knows no processor `zen3`"),
        ({"NUMBA_CPU_FEATURES": "+bogus"}, "E593", "LLVM knows no feature `+bogus`"),
        ({"NUMBA_CPU_FEATURES": "sse2"}, "E593", "`sse2` has no sign"),
        ({"NUMBA_NUM_THREADS": "0"}, "E595", "Number of threads specified must be > 0"),
        ({"NUMBA_FUNCTION_CACHE_SIZE": "-1"}, "E595", "maxlen must be non-negative"),
    ],
)
def test_what_numba_or_llvm_do_not_take_is_named(variables: dict[str, str], code: str, said: str, net: Path) -> None:
    done = bench(net, **variables)
    assert done.returncode == 3, done.stderr
    (told,) = json.loads(done.stdout)["diagnostics"]
    assert told["code"] == code
    assert said in told["message"]
    assert done.stderr.startswith(f"error[{code}]")
    assert "Traceback" not in done.stderr


def test_a_feature_that_this_processor_lacks_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_CPU_FEATURES", "+sse2,+amx-tile,-avx512f")
    monkeypatch.setattr(numba_settings, "_own_features", lambda: {"sse2": True, "amx-tile": False})
    with pytest.raises(DeviceError, match="asks for `\\+amx-tile`, which this processor lacks") as failure:
        check_settings()
    assert failure.value.code == "E593"


@pytest.mark.skipif(host_target().name == "neon", reason="forces a processor of x86")
def test_another_processor_that_is_known_is_taken() -> None:
    forced = {"NUMBA_CPU_NAME": "nehalem", "NUMBA_CPU_FEATURES": "+sse4.2"}
    script = "from netspec.runtime.cpu.device import host_device; print(host_device().target.name)"
    done = fresh(script, **forced)
    assert (done.stdout, done.stderr) == ("sse\n", "")


def test_a_name_that_is_empty_is_no_name_of_this_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "CPU_NAME", "")
    assert processor().name == ""


def test_a_processor_that_changes_after_the_import_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compilation, "PROCESSOR", Processor("another", ""))
    with pytest.raises(DeviceError) as failure:
        check_compiler()
    assert failure.value.code == "E596"


@pytest.mark.parametrize(("name", "value"), [("NUMBA_ENABLE_AVX", "0"), ("NUMBA_CPU_FEATURES", "")])
def test_what_makes_kernels_slow_without_a_word_gets_one(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.warns(NumbaSettingWarning, match=f"`{name}={value}` keeps kernels from this processor's vectors"):
        check_settings()
    check_settings()


def test_a_value_that_numba_does_not_understand_is_told_in_a_line(net: Path, tmp_path: Path) -> None:
    done = process("cache", XDG_CACHE_HOME=str(tmp_path), NUMBA_OPT="fast", NUMBA_DUMP_IR="yes")
    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        "note: Numba ignores `NUMBA_OPT=fast`: it takes no such value",
        "note: Numba ignores `NUMBA_DUMP_IR=yes`: it takes no such value",
    ]


@pytest.mark.slow
def test_harmless_settings_leave_code_and_answers_alone(net: Path, tmp_path: Path) -> None:
    plain, set_up = fresh(PRINT_CODE), fresh(PRINT_CODE, **HARMLESS)
    assert set_up.returncode == 0, set_up.stderr
    assert set_up.stdout == ""
    assert set_up.stderr.endswith(plain.stderr)
    assert len(plain.stderr) == 64
    cold = tmp_path / "n.net"
    cold.write_text(NET)
    done = bench(cold, **HARMLESS)
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout)["name"] == "n"
    kept, wanted = ({path.name for path in each.parent.rglob("*.o")} for each in (cold, net))
    assert kept == wanted


def test_what_fails_with_unknown_settings_is_not_taken_for_a_mistake_of_netspecs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(CompilerBug), compiling():
        raise CompilerBug("a kernel may raise")
    monkeypatch.setenv("NUMBA_OF_TOMORROW", "1")
    with pytest.raises(DeviceError, match="a kernel may raise") as failure, compiling():
        raise CompilerBug("a kernel may raise")
    assert failure.value.code == "E594"
    assert failure.value.notes == ("set are `NUMBA_OF_TOMORROW=1`",)


def test_numba_that_fails_without_settings_fails_as_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: str) -> None:
        raise ImportError("no Numba")

    monkeypatch.setattr(numba_settings, "import_module", broken)
    with pytest.raises(ImportError, match="no Numba"):
        load_numba()


def test_doctor_tells_what_is_set_and_what_it_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_OPT", "0")
    told = run_json("doctor")
    assert "NUMBA_OPT=0" in told["numba"]["settings"]
    assert told["numba"]["trouble"] == "E592: netspec does not work with `NUMBA_OPT=0`"
    assert told["processor"]["fma_peak_gflops"] is None
