"""From a path to built models and the inputs that they take.

The part of a file that defines models is executed (``load``, ``slicing``, ``stubs``), what it holds
is found and built (``found``, ``build``), and inputs are read off the code or guessed (``inputs``).
"""
