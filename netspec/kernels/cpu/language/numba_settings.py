"""Checks of Numba's settings: an error names each one that would break kernels or change their code, and a repair.

Numba reads them from `NUMBA_…` environment variables, from `.numba_config.yaml` in the current folder, and from
assignments to `numba.config`, and reads them again when it compiles. The values that Numba has parsed are checked.
`NUMBA_CPU_NAME` and `NUMBA_CPU_FEATURES` may force a processor. All other settings are harmless.
"""
# pyright: basic, reportAttributeAccessIssue=false

from __future__ import annotations

import os
import re
import sys
import tempfile
import warnings
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, nullcontext, redirect_stdout
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any

import llvmlite.binding as llvm

from netspec.diagnostics.failure import DeviceError

ELSEWHERE = "Numba reads `.numba_config.yaml` in the current folder too, and programs may assign to `numba.config`"
FORCED = ("NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES")
UNPARSED = re.compile(
    r"Environment variable '(\w+)' is defined but its associated value '(.*)' could not be", re.DOTALL
)
FEATURE = re.compile(r"[+-][\w.-]+")
UNKNOWN = re.compile(r"'(.*)' is not a recognized (processor|feature)")


class NumbaSettingWarning(UserWarning):
    """A Numba setting that is harmless but ineffective or slow."""


@dataclass(frozen=True, slots=True)
class Needed:
    """A requirement on one value of `numba.config`. `variables` are the environment variables that change it, its own
    first; `right` is a valid value of the first; `why` is the reason shown to users."""

    attribute: str
    fits: Callable[[Any], bool]
    variables: tuple[str, ...]
    right: str
    why: str


def _off(value: Any) -> bool:
    return not value


NEEDED = (
    Needed("DISABLE_JIT", _off, ("NUMBA_DISABLE_JIT",), "0", "nothing is compiled, and kernels are compiled code"),
    Needed(
        "OPT",
        lambda level: int(level) == 3 and not getattr(level, "is_opt_max", False),
        ("NUMBA_OPT",),
        "3",
        "kernels are made and tested at level 3; others keep sums in memory, or code that could raise an exception",
    ),
    Needed(
        "DEBUGINFO_DEFAULT",
        _off,
        ("NUMBA_DEBUGINFO", "NUMBA_ENABLE_PROFILING"),
        "0",
        "code with debug information keeps exceptions, which kernels cannot raise (a profiler may switch it on)",
    ),
    Needed("DEBUG_JIT", _off, ("NUMBA_DEBUG_JIT",), "0", "it puts printing into the code, which needs Python"),
    Needed("DUMP_LLVM", _off, ("NUMBA_DUMP_LLVM", "NUMBA_DEBUG"), "0", "what has been printed compiles to other code"),
    Needed(
        "EXTEND_VARIABLE_LIFETIMES", _off, ("NUMBA_EXTEND_VARIABLE_LIFETIMES",), "0", "it makes other code of kernels"
    ),
    Needed("LOOP_VECTORIZE", bool, ("NUMBA_LOOP_VECTORIZE",), "1", "without it loops over images do one at a time"),
    Needed("SLP_VECTORIZE", _off, ("NUMBA_SLP_VECTORIZE",), "0", "it is known to compile some loops wrongly"),
)


def load_numba() -> None:
    """Imports Numba. Raises DeviceError where Numba fails on its settings (E595), and for a forced processor that LLVM
    does not know or this machine does not have (E593): LLVM would abort the process at the first kernel."""
    with _explained():
        import_module("numba")
    _check_processor()


def settings() -> Mapping[str, str]:
    """The variables that are set and their values, as Numba last read them."""
    reader = getattr(sys.modules.get("numba.core.config"), "_env_reloader", None)
    return {} if reader is None else {name: str(value) for name, value in reader.old_environ.items()}


def check_settings() -> None:
    """Reads the settings again. Raises DeviceError: E592 for a setting that would break or change kernels, E593 and
    E595 as `load_numba` does."""
    with _explained():
        _config().reload_config()
    wrong = [needed for needed in NEEDED if not _fits(needed)]
    if wrong:
        raise DeviceError(
            "E592",
            f"netspec does not work with {_listed([_named(needed) for needed in wrong])}",
            notes=(*(f"{_named(needed)}: {needed.why}" for needed in wrong), ELSEWHERE),
            helps=tuple(_repair(needed) for needed in wrong),
        )
    _check_processor()


def set_beside_processor() -> list[str]:
    """All settings except the forced processor, as `NUMBA_DUMP_IR=1`, sorted by name."""
    return [f"`{name}={value}`" for name, value in sorted(settings().items()) if name not in FORCED]


def printing_aside() -> Any:
    """A context in which the output of Numba's debug settings goes to standard error: standard output is for netspec's
    own output."""
    return redirect_stdout(sys.stderr) if set_beside_processor() else nullcontext()


def _config() -> Any:
    """Numba's configuration module."""
    return import_module("numba.core.config")


def _fits(needed: Needed) -> bool:
    """Whether the value meets the requirement; true for a version of Numba without that setting."""
    return not hasattr(_config(), needed.attribute) or needed.fits(getattr(_config(), needed.attribute))


def _cause(needed: Needed) -> str | None:
    """The variable that sets the value; None where a program or a profiler does."""
    return next((name for name in needed.variables if name in settings()), None)


def _named(needed: Needed) -> str:
    cause = _cause(needed)
    if cause is None:
        return f"`numba.config.{needed.attribute} = {getattr(_config(), needed.attribute)!r}`"
    return f"`{cause}={settings()[cause]}`"


def _repair(needed: Needed) -> str:
    cause = _cause(needed)
    return f"`unset {cause}`" if cause else f"`export {needed.variables[0]}={needed.right}`"


def _listed(names: list[str]) -> str:
    return " and ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else names[0]


@contextmanager
def _explained() -> Generator[None]:
    """A context that turns Numba's errors (E595) and warnings about its settings into one-line messages."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        try:
            yield
        except Exception as error:
            found_set = set_beside_processor()
            if not found_set:
                raise
            raise DeviceError(
                "E595",
                f"Numba does not take its settings: {error}",
                notes=(f"set are {', '.join(found_set)}", ELSEWHERE),
                helps=("unset what Numba does not take",),
            ) from error
    for each in found:
        unparsed = UNPARSED.search(str(each.message))
        if unparsed is None:
            warnings.warn_explicit(each.message, each.category, each.filename, each.lineno)
        else:
            _warn(f"Numba ignores `{unparsed[1]}={unparsed[2]}`: it takes no such value")


@lru_cache
def _warn(message: str) -> None:
    """Warns once per process."""
    warnings.warn(message, NumbaSettingWarning, stacklevel=2)


def _check_processor() -> None:
    config = _config()
    if config.CPU_NAME is not None or config.CPU_FEATURES is not None:
        if config.CPU_FEATURES is not None:
            _check_features(str(config.CPU_FEATURES))
        _check_known(str(config.CPU_NAME or ""), str(config.CPU_FEATURES or ""))
    slow = {"NUMBA_ENABLE_AVX": not config.ENABLE_AVX, "NUMBA_CPU_FEATURES": config.CPU_FEATURES == ""}
    for name, matters in slow.items():
        if matters and name in settings():
            _warn(f"`{name}={settings()[name]}` keeps kernels from this processor's vectors: unset it to be faster")


def _check_features(features: str) -> None:
    """Raises E593 for a feature without a sign, at which LLVM aborts the process, and for one that this processor
    lacks, at which the kernel crashes."""
    parts = [part for part in features.split(",") if part]
    malformed = [part for part in parts if not FEATURE.fullmatch(part)]
    if malformed:
        raise _no_processor(
            f"`NUMBA_CPU_FEATURES={features}` is no list of features: `{malformed[0]}` has no sign",
            "write `+avx2,+fma,-avx512f`",
        )
    lacking = [part for part in parts if part[0] == "+" and _own_features().get(part[1:]) is False]
    if lacking:
        raise _no_processor(
            f"`NUMBA_CPU_FEATURES` asks for {_listed([f'`{part}`' for part in lacking])}, which this processor lacks",
            "`unset NUMBA_CPU_FEATURES`",
        )


def _own_features() -> Mapping[str, bool]:
    """The features of this processor; empty where LLVM cannot detect them."""
    try:
        return llvm.get_host_cpu_features()
    except RuntimeError:
        return {}


def _check_known(name: str, features: str) -> None:
    unknown = UNKNOWN.search(_complaints(name, features))
    if unknown:
        variable = "NUMBA_CPU_NAME" if unknown[2] == "processor" else "NUMBA_CPU_FEATURES"
        raise _no_processor(
            f"LLVM knows no {unknown[2]} `{unknown[1]}`, which `{variable}` names", f"`unset {variable}`"
        )


def _no_processor(message: str, repair: str) -> DeviceError:
    return DeviceError("E593", message, notes=(ELSEWHERE,), helps=(repair,))


@lru_cache
def _complaints(name: str, features: str) -> str:
    """LLVM's complaints about a processor, read from standard error: LLVM reports them nowhere else."""
    llvm.initialize_native_target()
    try:
        kept = os.dup(2)
    except OSError:
        return ""
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine(cpu=name, features=features)
        finally:
            os.dup2(kept, 2)
            os.close(kept)
        file.seek(0)
        return file.read().decode(errors="replace")
