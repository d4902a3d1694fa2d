"""The text of the user's files: read at one place, and changed at exact spans.

:mod:`~shapelint.source.texts` holds the files as they are or would be; ``calls``, ``configs``,
``forwards`` and ``comments`` find places in them; ``edits`` and ``writings`` change them, and
``replacing`` puts a new text on the disk in one step. Nothing here runs what it reads.
"""
