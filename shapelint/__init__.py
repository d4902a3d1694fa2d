"""shapelint: which sizes a PyTorch model runs at, which round-trip, and how to fix the rest."""

__version__ = "0.1.0"
