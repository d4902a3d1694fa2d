"""The language of lengths: expressions, conditions, exact sets of sizes, and words for people.

``expr`` and ``conditions`` need the standard library alone, because the worker imports them into
the project's interpreter. ``sets`` is the only module that touches islpy.
"""
