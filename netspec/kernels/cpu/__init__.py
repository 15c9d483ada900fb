from netspec.kernels.cpu.numba_settings import load_numba

load_numba()
