"""What netspec is measured beside, and how each is run: in processes with settings, of which the fastest counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

RAISED_ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": "1073741824", "MALLOC_TRIM_THRESHOLD_": "1073741824"}
LONGEST_SECONDS = 600.0
"""A side that needs longer for one answer is ended."""
COMPILING_SECONDS = 240.0
"""torch.compile gets no longer than this for a network."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One way to run a peer. `options` are part of every request."""

    name: str
    options: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Process:
    """A process of a peer, and the settings that are tried in it. One with an `attempt`, the name of what it tries, is
    left out with a remark where it fails."""

    settings: tuple[Setting, ...]
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    longest_seconds: float = LONGEST_SECONDS
    attempt: str = ""


@dataclass(frozen=True, slots=True)
class Peer:
    """Another implementation of the same network. `needs` are its modules, each with the name of its package."""

    name: str
    """on the command line, in JSON and in the names of its sides"""
    title: str
    needs: Mapping[str, str]
    processes: tuple[Process, ...]
    compiled: tuple[Process, ...] = ()
    """tried besides where that is asked for; it takes minutes"""
    trains: bool = False
    """whether it runs training steps too"""
    reads_onnx: bool = False
    """whether it is given the net as an ONNX file"""


def _eager(allocator: str, environment: Mapping[str, str]) -> Process:
    """PyTorch as it is, in both memory formats, with one allocator setting."""
    settings = (Setting(f"{form}, {allocator} allocator", {"format": form}) for form in FORMATS)
    return Process(tuple(settings), environment)


def _compiled(form: str) -> Process:
    setting = Setting(f"{form}, compiled", {"format": form, "compile": True})
    return Process((setting,), RAISED_ALLOCATOR, COMPILING_SECONDS, f"torch.compile, {form}")


FORMATS = ("contiguous", "channels_last")
TORCH = Peer(
    "torch",
    "PyTorch",
    {"torch": "PyTorch"},
    (_eager("default", {}), _eager("raised", RAISED_ALLOCATOR)),
    tuple(_compiled(form) for form in FORMATS),
    trains=True,
)
ONNX_RUNTIME = Peer(
    "onnxruntime",
    "ONNX Runtime",
    {"onnx": "ONNX", "onnxruntime": "ONNX Runtime"},
    (
        Process(
            (
                Setting("arrays", {"bound": False, "spinning": True, "arena": True}),
                Setting("bound", {"bound": True, "spinning": True, "arena": True}),
                Setting("bound, no spinning", {"bound": True, "spinning": False, "arena": True}),
            )
        ),
        Process(
            (Setting("bound, no arena, raised allocator", {"bound": True, "spinning": True, "arena": False}),),
            RAISED_ALLOCATOR,
        ),
    ),
    reads_onnx=True,
)
OPENVINO = Peer(
    "openvino",
    "OpenVINO",
    {"onnx": "ONNX", "openvino": "OpenVINO"},
    (Process((Setting("pinned", {"pinned": True}), Setting("not pinned", {"pinned": False}))),),
    reads_onnx=True,
)
PEERS: Mapping[str, Peer] = {peer.name: peer for peer in (TORCH, ONNX_RUNTIME, OPENVINO)}
