"""netspec: declare, understand and train convolutional networks.

`import netspec` costs nothing: a public name is loaded when it is first used (PEP 562).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from netspec.api import Network, load
    from netspec.diagnostics.failure import (
        DataError,
        DeviceError,
        DivergedError,
        NetspecError,
        SpecError,
        UsageError,
    )
    from netspec.predict.predictor import Predictor

_PLACES = {
    "load": "netspec.api",
    "Network": "netspec.api",
    "Predictor": "netspec.predict.predictor",
    "NetspecError": "netspec.diagnostics.failure",
    "SpecError": "netspec.diagnostics.failure",
    "UsageError": "netspec.diagnostics.failure",
    "DataError": "netspec.diagnostics.failure",
    "DeviceError": "netspec.diagnostics.failure",
    "DivergedError": "netspec.diagnostics.failure",
}

__all__ = [
    "DataError",
    "DeviceError",
    "DivergedError",
    "NetspecError",
    "Network",
    "Predictor",
    "SpecError",
    "UsageError",
    "load",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return import_module("importlib.metadata").version("netspec")
    if name not in _PLACES:
        raise AttributeError(f"module `netspec` has no attribute `{name}`")
    return getattr(import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
