from netspec.kernels.cpu.language import numba_settings as numba_settings  # loads Numba first, or raises DeviceError
