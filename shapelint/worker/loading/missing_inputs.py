"""Which inputs a run misses, as its failure says: those that are optional, or behind ``**kwargs``.

=========================================================  ====================================
``forward(x, t=None)`` raises for a ``NoneType``            ``t``, if its name says what it is
``assert (y is not None) == self.conditional`` fails        ``y``, which is ``None`` by default
``loss() missing 1 required … argument: 'y'``               ``y``, behind ``**kwargs``
``kwargs["y"]`` raises ``KeyError: 'y'``                    ``y``, behind ``**kwargs``
=========================================================  ====================================
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator

from torch import nn

from shapelint.source.texts import Texts
from shapelint.trace import Failure, Span
from shapelint.worker.loading.first_layer import is_telling

_ASKED_FOR = re.compile(r"TypeError: .* missing \d+ required .*argument|KeyError: '\w+'$")


def missing_inputs(root: nn.Module, failure: Failure | None, files: Texts) -> list[str]:
    """Names of arguments of ``forward`` without which it failed like this."""
    if failure is None:
        return []
    parameters = inspect.signature(root.forward).parameters.values()
    optional = [p.name for p in parameters if p.default is None]
    if "NoneType" in failure.error:
        return [name for name in optional if is_telling(name)]
    if _ASKED_FOR.match(failure.error):
        passes_on = any(p.kind is p.VAR_KEYWORD for p in parameters)
        return re.findall(r"'(\w+)'", failure.error) if passes_on else []
    tested = set(_tested(failure.span, files)) if failure.node < 0 and failure.span else set()
    return [name for name in optional if name in tested]


def _tested(raised_at: Span, files: Texts) -> Iterator[str]:
    """The names in the test for which the statement at a place raises."""
    for node in files.nodes(raised_at.path):
        raises = isinstance(node, ast.Assert) and node.lineno == raised_at.line
        if isinstance(node, ast.If):
            raises = any(isinstance(s, ast.Raise) and s.lineno == raised_at.line for s in node.body)
        if raises and isinstance(node, (ast.Assert, ast.If)):
            yield from (n.id for n in ast.walk(node.test) if isinstance(n, ast.Name))
