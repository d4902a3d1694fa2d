"""Symbolic lengths in Python code: numbers, containers, NumPy and text.

``length`` is the number itself; the others see to it that what Python, its standard library and
NumPy make of one is followed exactly, or noticed as lost.
"""
