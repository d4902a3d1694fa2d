"""With which options of its constructor a model has a part: ``Scale() if scaled else Norm()``."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

from shapelint.project.names import assignments, dotted

_DEEPEST = 4
Tests = Sequence[tuple[ast.expr, bool]]
"""Conditions, and whether they hold."""


def options_for(part: str, kind: ast.ClassDef) -> dict[str, object]:
    """The parameters of a class that decide whether it has a part, as they have to be for it.

    Empty if none does.
    """
    inits = (s for s in kind.body if isinstance(s, ast.FunctionDef) and s.name == "__init__")
    for init in inits:
        arguments = (*init.args.posonlyargs, *init.args.args, *init.args.kwonlyargs)
        reading = _Reading({a.arg for a in arguments[1:]}, _assigned(init))
        for tests in _mentions(kind, part, ()):
            found: dict[str, object] = {}
            for test, holds in tests:
                found |= reading.options(test, holds)
            if found:
                return found
    return {}


def _assigned(scope: ast.AST) -> Mapping[str, ast.expr]:
    found: dict[str, ast.expr] = {}
    for target, value in assignments(scope):
        if value is not None:
            found.setdefault(dotted(target), value)
    return found


def _mentions(node: ast.AST, part: str, tests: Tests) -> Iterator[Tests]:
    """For each place that names a part the conditions around it."""
    if isinstance(node, (ast.Name, ast.Attribute)) and dotted(node).rpartition(".")[2] == part:
        yield tests
    for field, value in ast.iter_fields(node):
        chosen = isinstance(node, (ast.If, ast.IfExp)) and field != "test"
        around = (*tests, (node.test, field == "body")) if chosen else tests  # type: ignore[attr-defined]
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _mentions(child, part, around)


class _Reading:
    """Conditions on the parameters of a constructor."""

    def __init__(self, parameters: set[str], values: Mapping[str, ast.expr]) -> None:
        self.parameters, self.values = parameters, values

    def options(self, test: ast.expr, holds: bool, depth: int = 0) -> dict[str, object]:
        """Parameters for which it holds, or does not; empty if that is not to be seen."""
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            return self.options(test.operand, not holds, depth)
        if isinstance(test, ast.BoolOp):
            found = [self.options(each, holds, depth) for each in test.values]
            if isinstance(test.op, ast.And) == holds:
                return {name: value for each in found for name, value in each.items()}
            return next(filter(None, found), {})
        if isinstance(test, ast.Compare):
            return self._compared(test, holds)
        name = dotted(test)
        if name.removeprefix("self.") in self.parameters:
            return {name.removeprefix("self."): holds}
        known = self.values.get(name) if depth < _DEEPEST else None
        return self.options(known, holds, depth + 1) if known is not None else {}

    def _compared(self, test: ast.Compare, holds: bool) -> dict[str, object]:
        """``norm == "batch"``, and ``norm in ("batch", "layer")`` takes the first."""
        name, said = dotted(test.left).removeprefix("self."), test.comparators[0]
        equal = isinstance(test.ops[0], ast.Eq if holds else ast.NotEq)
        if isinstance(test.ops[0], ast.In if holds else ast.NotIn):
            equal, said = True, next(iter(getattr(said, "elts", [])), said)
        if not equal or len(test.ops) != 1 or name not in self.parameters:
            return {}
        return {name: said.value} if isinstance(said, ast.Constant) else {}
