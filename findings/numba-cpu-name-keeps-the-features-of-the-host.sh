#!/usr/bin/env bash
# Numba 0.68.1: NUMBA_CPU_NAME alone does not choose a processor.
#
# NUMBA_CPU_NAME=nehalem names a processor without AVX. One would expect machine code that it can run, as of gcc's
# -march=nehalem. Numba 0.68.1 passes the name on to LLVM together with the features of the host, all of them
# spelled out, and features that are spelled out come before the name's own: on a host with AVX the loop below uses
# ymm or zmm registers. NUMBA_CPU_FEATURES has to be given, too; empty is enough. Only the name `generic` switches the
# host's features off by itself (numba/core/config.py, CPU_FEATURES).
#
# It matters where code is compiled for another machine, as an object file or a disk cache that is shared: it compiles
# without a word, and ends there with SIGILL.
#
# Needs an x86-64 host with AVX and Python 3.10 to 3.14. Fails where the behaviour is another one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numba==0.68.1 numpy==2.4.6
cat > "$folder/registers.py" <<'PYTHON'
"""Prints the kinds of vector registers that a compiled loop uses."""

import re

import numpy as np
from numba import njit


@njit
def add(x, y):
    for i in range(x.size):
        y[i] += x[i]


add(np.zeros(64, np.float32), np.zeros(64, np.float32))
(assembly,) = add.inspect_asm().values()
print(" ".join(sorted(set(re.findall(r"%([xyz]mm)", assembly)))))
PYTHON
grep -qw avx /proc/cpuinfo || { echo "this host has no AVX: nothing to see here"; exit 0; }
cd "$folder"
by_name=$(NUMBA_CPU_NAME=nehalem venv/bin/python registers.py)
by_both=$(NUMBA_CPU_NAME=nehalem NUMBA_CPU_FEATURES='' venv/bin/python registers.py)
generic=$(NUMBA_CPU_NAME=generic venv/bin/python registers.py)
printf 'NUMBA_CPU_NAME=nehalem                         %s\n' "$by_name"
printf 'NUMBA_CPU_NAME=nehalem NUMBA_CPU_FEATURES=     %s\n' "$by_both"
printf 'NUMBA_CPU_NAME=generic                         %s\n' "$generic"
[[ $by_name == *ymm* && $by_both == xmm && $generic == xmm ]] || { echo "changed: see the first comment"; exit 1; }
# Seen on an AMD Zen 4:
# NUMBA_CPU_NAME=nehalem                         xmm ymm zmm
# NUMBA_CPU_NAME=nehalem NUMBA_CPU_FEATURES=     xmm
# NUMBA_CPU_NAME=generic                         xmm
