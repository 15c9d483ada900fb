# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false, reportUnknownParameterType=false, reportMissingTypeStubs=false
"""OpenVINO's side of a comparison of predictions: the net from its ONNX file, compiled for latency in float32."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import openvino as ov

from netspec.bench.serve import Answer, Array, Request, network_images, serve
from netspec.bench.timed import Calls, timed


def side(job: Request) -> Answer:
    """Compiles the job's file when a setting is first asked for, and returns what answers requests."""
    images = network_images(job)

    def ready(options: Request) -> Calls:
        made = compiled(job["onnx_file"], job["threads"], pinned=options["pinned"])
        return [bound(made, each) for each in images]

    return timed(ready)


def compiled(path: str, threads: int, *, pinned: bool) -> Any:
    """The net on so many threads, which are processors of the system, two of which may share a core. Without the hint
    of its precision OpenVINO would use bfloat16 where the processor has it."""
    core = ov.Core()
    hints = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32",
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": 1,
        "ENABLE_HYPER_THREADING": True,
        "ENABLE_CPU_PINNING": pinned,
    }
    return core.compile_model(core.read_model(path), "CPU", hints)


def bound(made: Any, images: Array) -> Callable[[], Array]:
    """A call whose input and output lie in arrays that it is bound to once: nothing is copied. It gives (N, K)."""
    request, output = made.create_infer_request(), np.empty(made.output(0).shape, np.float32)
    request.set_input_tensor(ov.Tensor(images, shared_memory=True))
    request.set_output_tensor(ov.Tensor(output, shared_memory=True))
    return partial(_infer, request, images, output)


def _infer(request: Any, _: Array, output: Array) -> Array:
    """The arrays are held here, as the request's tensors share their memory."""
    request.infer(share_outputs=True)
    return output


if __name__ == "__main__":
    serve(side)
