"""The half that runs in the project's interpreter, where torch is.

It needs the standard library and torch. Of shapelint it imports only what both processes share:
the modules of ``lengths`` that need the standard library alone, ``trace``, ``wire``, ``model``,
``facts``, ``records``, ``session`` and ``registry``.
"""
