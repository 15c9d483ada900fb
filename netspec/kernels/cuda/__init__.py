"""Kernels of NVIDIA GPUs, compiled by numba-cuda. Importing them needs the extra `cuda`."""
