#!/usr/bin/env bash
# numba-cuda 0.30.4: i // n of two int32 numbers is a 64-bit division.
#
# A kernel that turns the number of a thread into row and column divides by an int32 argument. Floor division of two
# signed integers of up to 64 bits is typed int64 in Numba, and a GPU has no instruction for a 64-bit division, only a
# subroutine. PTX has div.s64, around it a test whether both numbers happen to fit 32 bits (then div.u32), and the
# corrections for negative numbers. The same holds for i % n. uint32 // uint32 stays in 32 bits, as does an intrinsic
# that emits `udiv`.
#
# Needs Linux on x86-64 and Python 3.11 to 3.13, no GPU and no driver. Fails where the behaviour is another one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numba==0.68.1 numpy==2.4.6 \
    'numba-cuda[cu13]==0.30.4' 'cuda-toolkit[cudart,nvrtc,nvvm]==13.0.*'
cat > "$folder/divisions.py" <<'PYTHON'
"""Prints the division instructions of kernels of one line."""

import re

from numba import cuda, int32, uint32
from numba.cuda import types


def of_int32(y, n):
    i = int32(cuda.threadIdx.x)
    y[i] = i // n


def of_uint32(y, n):
    i = uint32(cuda.threadIdx.x)
    y[i] = i // uint32(n)


def remainder(y, n):
    i = int32(cuda.threadIdx.x)
    y[i] = i % n


for kernel in (of_int32, of_uint32, remainder):
    signature = types.void(types.CPointer(types.int32), types.int32)
    ptx, _ = cuda.compile(kernel, signature, cc=(9, 0), device=False, abi="numba", output="ptx")
    print(f"{kernel.__name__}:", *sorted(set(re.findall(r"\b(?:div|rem)\.[us]\d\d", ptx))))
PYTHON
cd "$folder"
venv/bin/python divisions.py | tee seen
printf 'of_int32: div.s64 div.u32\nof_uint32: div.u32\nremainder: rem.s64 rem.u32\n' | diff - seen ||
    { echo "changed: see the first comment"; exit 1; }
