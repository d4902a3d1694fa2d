"""The half that runs in the project's interpreter, where torch is.

It needs the standard library and torch. Of shapelint it imports only what both processes share:
``lengths.expr``, ``lengths.conditions``, ``lengths.real``, ``trace``, ``model``, ``facts`` and
``registry``.
"""
