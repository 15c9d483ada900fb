#!/usr/bin/env bash
# numba-cuda 0.30.4: the PTX of a kernel depends on how many functions the process has compiled before.
#
# cuda.compile(kernel, ..., output="ptx") gives the entry a name with a counter of the process in it (`B2v1`), and
# leaves a variable `NumbaEnv` of that name, which no kernel reads. The same kernel, compiled after another function,
# has another text: a hash of PTX or of the machine code made of it is no key of a cache, builds are not reproducible,
# and the name of the entry cannot be told without a look at the text. Nothing else differs, so that a new name for the
# entry and the removal of the variable give the same text in every process (netspec/runtime/cuda/compilation.py).
#
# Needs Linux on x86-64 and Python 3.11 to 3.13, no GPU and no driver. Fails where the behaviour is another one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numba==0.68.1 numpy==2.4.6 \
    'numba-cuda[cu13]==0.30.4' 'cuda-toolkit[cudart,nvrtc,nvvm]==13.0.*'
cat > "$folder/again.py" <<'PYTHON'
"""Compiles a kernel, another one, and the first again."""

import re

from numba import cuda, float32
from numba.cuda import types

FLOATS = types.CPointer(types.float32)


def doubled(y, x):
    y[0] = x[0] * float32(2)


def moved(y, x):
    y[0] = x[0] + float32(2)


def compiled(kernel):
    ptx, _ = cuda.compile(kernel, types.void(FLOATS, FLOATS), cc=(9, 0), device=False, abi="numba", output="ptx")
    return ptx


def entry(ptx):
    return re.search(r"\.entry\s+([\w$]+)\(", ptx)[1]


def settled(ptx):
    return re.sub(r"(?m)^\.common \.global .*NumbaEnv.*\n", "", ptx).replace(entry(ptx), "kernel")


first = compiled(doubled)
compiled(moved)
second = compiled(doubled)
print("the same text:", first == second)
for ptx in (first, second):
    print("counter in the name of the entry:", *re.findall(r"doubledB2v(\d+)", entry(ptx)))
print("the same text but for the name and the variable:", settled(first) == settled(second))
PYTHON
cd "$folder"
venv/bin/python again.py | tee seen
cat > expected <<'TEXT'
the same text: False
counter in the name of the entry: 1
counter in the name of the entry: 3
the same text but for the name and the variable: True
TEXT
diff expected seen || { echo "changed: see the first comment"; exit 1; }
