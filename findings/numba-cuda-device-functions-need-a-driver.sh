#!/usr/bin/env bash
# numba-cuda 0.30.4: cuda.compile with a given architecture needs no driver, unless the kernel calls a device function.
#
# cuda.compile(kernel, ..., cc=(9, 0)) makes PTX on a machine without a GPU, as its documentation says. Where the kernel
# calls a function marked @cuda.jit(device=True), the same call fails for lack of a driver: the dispatcher of the inner
# function asks the current GPU for its compute capability and does not take the one that was given. So a library of
# kernels that shares code cannot be compiled ahead on a build machine. A plain Python function that the kernel calls is
# no way out: Numba does not compile those. A subclass of CUDADispatcher whose compile_device passes its own `cc` on to
# compile_cuda is (netspec/kernels/cuda/language/jit.py).
#
# Needs Linux on x86-64 without an NVIDIA driver, and Python 3.11 to 3.13. Fails where the behaviour is another one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numba==0.68.1 numpy==2.4.6 \
    'numba-cuda[cu13]==0.30.4' 'cuda-toolkit[cudart,nvrtc,nvvm]==13.0.*'
cat > "$folder/ahead.py" <<'PYTHON'
"""Compiles a kernel alone, and one that calls a device function, for a GPU that is not there."""

from numba import cuda
from numba.cuda import types

FLOATS = types.CPointer(types.float32)


@cuda.jit(device=True)
def doubled(x):
    return x + x


def alone(y, x):
    y[0] = x[0] + x[0]


def calling(y, x):
    y[0] = doubled(x[0])


for kernel in (alone, calling):
    try:
        cuda.compile(kernel, types.void(FLOATS, FLOATS), cc=(9, 0), device=False, abi="numba", output="ptx")
        print(f"{kernel.__name__}: compiled")
    except Exception as error:
        print(f"{kernel.__name__}: {type(error).__name__}")
PYTHON
cd "$folder"
if ldconfig -p 2>/dev/null | grep -q 'libcuda\.so\.1'; then echo "this machine has a driver: nothing to see here"; exit 0; fi
venv/bin/python ahead.py | tee seen
printf 'alone: compiled\ncalling: CudaSupportError\n' | diff - seen || { echo "changed: see the first comment"; exit 1; }
