"""What shapelint costs and what it finds, measured: ``python -m benchmarks``."""
