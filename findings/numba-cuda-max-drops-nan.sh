#!/usr/bin/env bash
# numba-cuda 0.30.4: max(x, 0) of a NaN is NaN on the CPU and 0 on the GPU.
#
# Python's max(x, y) keeps its first argument unless the second is larger, so max(nan, 0) is nan, and so it is in code
# that Numba compiles for the CPU. numba-cuda compiles max of two float32 to the PTX instruction max.f32, which gives
# the other operand where one is NaN (PTX ISA, "max": max.NaN propagates, plain max does not). A ReLU written as
# max(x, float32(0)) then hides a training that has diverged. `zero if x <= zero else x` keeps NaN on both.
#
# With the integer 0 in place of float32(0) the comparison is done in float64: it keeps NaN, and costs what float64
# costs on the GPU. A change that makes such a kernel faster therefore changes its results.
#
# Needs Linux on x86-64 and Python 3.11 to 3.13, no GPU and no driver. Fails where the behaviour is another one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numba==0.68.1 numpy==2.4.6 \
    'numba-cuda[cu13]==0.30.4' 'cuda-toolkit[cudart,nvrtc,nvvm]==13.0.*'
cat > "$folder/largest.py" <<'PYTHON'
"""Prints max(nan, 0) on the CPU, and the instructions that compute it on a GPU."""

import re

import numpy as np
from numba import cuda, float32, njit
from numba.cuda import types

FLOATS = types.CPointer(types.float32)


@njit
def on_the_cpu(x):
    return max(x, float32(0))


def of_float32(y, x):
    y[0] = max(x[0], float32(0))


def of_an_integer(y, x):
    y[0] = max(x[0], 0)


def compared(y, x):
    y[0] = float32(0) if x[0] <= float32(0) else x[0]


print("max(nan, float32(0)) on the CPU:", on_the_cpu(np.float32(np.nan)))
for kernel in (of_float32, of_an_integer, compared):
    ptx, _ = cuda.compile(kernel, types.void(FLOATS, FLOATS), cc=(9, 0), device=False, abi="numba", output="ptx")
    print(f"{kernel.__name__}:", *sorted(set(re.findall(r"\b(?:max|setp|selp)\.[\w.]*", ptx))))
PYTHON
cd "$folder"
venv/bin/python largest.py | tee seen
cat > expected <<'TEXT'
max(nan, float32(0)) on the CPU: nan
of_float32: max.f32
of_an_integer: selp.f64 setp.lt.f64
compared: selp.f32 setp.le.f32
TEXT
diff expected seen || { echo "changed: see the first comment"; exit 1; }
