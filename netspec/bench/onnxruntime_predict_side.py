# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false, reportUnknownParameterType=false, reportMissingTypeStubs=false
"""ONNX Runtime's side of a comparison of predictions: the net from its ONNX file, every optimisation on."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import onnxruntime as ort

from netspec.bench.serve import Answer, Array, Request, network_images, serve
from netspec.bench.timed import Calls, timed

ERRORS_ALONE = 3
"""of ONNX Runtime's levels of logging"""


def side(job: Request) -> Answer:
    """Reads the job's file when a setting is first asked for, and returns what answers requests."""
    images = network_images(job)

    def ready(options: Request) -> Calls:
        made = session(job["onnx_file"], job["threads"], spinning=options["spinning"], arena=options["arena"])
        run = bound if options["bound"] else unbound
        return [run(made, each) for each in images]

    return timed(ready)


def session(path: str, threads: int, *, spinning: bool, arena: bool) -> Any:
    """The net on so many threads, one node after the other. With `spinning` idle threads wait busily for a while, with
    `arena` memory is kept between calls: both are ONNX Runtime's defaults."""
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.enable_cpu_mem_arena = arena
    options.log_severity_level = ERRORS_ALONE
    options.add_session_config_entry("session.intra_op.allow_spinning", str(int(spinning)))
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def unbound(made: Any, images: Array) -> Callable[[], Array]:
    """A call that is given an array and gives a new one, (N, K)."""
    name = made.get_inputs()[0].name
    return lambda: made.run(None, {name: images})[0]


def bound(made: Any, images: Array) -> Callable[[], Array]:
    """A call whose input and output lie in arrays that it is bound to once: nothing is copied. It gives (N, K)."""
    given, asked, binding = made.get_inputs()[0], made.get_outputs()[0], made.io_binding()
    output = np.empty(asked.shape, np.float32)
    binding.bind_input(given.name, "cpu", 0, np.float32, images.shape, images.ctypes.data)
    binding.bind_output(asked.name, "cpu", 0, np.float32, output.shape, output.ctypes.data)
    return partial(_run_bound, made, binding, images, output)


def _run_bound(made: Any, binding: Any, _: Array, output: Array) -> Array:
    """The arrays are held here, as the binding holds their addresses alone."""
    made.run_with_iobinding(binding)
    return output


if __name__ == "__main__":
    serve(side)
