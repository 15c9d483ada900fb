from netspec.kernels.cpu.language.numba_settings import load_numba

load_numba()
