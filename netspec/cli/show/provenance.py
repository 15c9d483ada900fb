"""Where a measurement comes from: what else has to be known of it when it is filed."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

from netspec.cli.show.printing import say_json
from netspec.runtime.cpu.host import processor
from netspec.runtime.cpu.processors import model_name

PACKAGES = ("netspec", "numpy", "numba", "torch", "onnxruntime", "openvino")


def say_measured(document: Mapping[str, object]) -> None:
    """Prints what was measured as one JSON object, and where it comes from."""
    say_json({**document, "provenance": provenance()})


def provenance() -> dict[str, object]:
    """The words of the command line, the processor and versions, null of what is not installed."""
    packages = {name: installed_version(name) for name in PACKAGES}
    return {
        "arguments": sys.argv[1:],
        "processor": model_name() or processor().name,
        "logical_cores": os.cpu_count(),
        "versions": {"python": platform.python_version(), **packages},
    }


def installed_version(package: str) -> str | None:
    """The version of an installed package, else None."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None
