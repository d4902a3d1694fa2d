"""Models of public packages, on which shapelint is held against PyTorch.

``python -m benchmarks.corpus`` runs every model at many sizes on the CPU and compares each of them
with what :meth:`shapelint.Analysis.predict` said.
"""
