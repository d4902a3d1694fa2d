"""Pad the input to the next length that works, and crop the output to the lengths of the input."""

from __future__ import annotations

import ast
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from shapelint.fixes import Proposal, proposes
from shapelint.lengths.conditions import all_of, at_least, divides
from shapelint.lengths.expr import symbol
from shapelint.lengths.sets import SizeSet
from shapelint.model import Edit
from shapelint.source.edits import Unwritable
from shapelint.source.forwards import before_statement, fresh_names, functional, method_of, wrapped
from shapelint.stages import level
from shapelint.subject import Subject
from shapelint.wording import short

_LARGEST = 512
_TRIED = 9


@dataclass(frozen=True)
class Steps:
    """Along each axis, the lengths that work: ``of * k + behind``, from ``least`` on."""

    of: list[int]
    behind: list[int]
    least: list[int]
    """One of these lengths; 0 where all of them work."""

    @classmethod
    def starting(cls, of: Sequence[int], first: Sequence[int]) -> Steps:
        """Along each axis every ``of``-th length from the ``first`` on."""
        behind = [n % step for n, step in zip(first, of)]
        least = [n if n > (r or m) else 0 for n, m, r in zip(first, of, behind)]
        return cls([*of], behind, least)

    @property
    def title(self) -> str:
        """``multiples of 16``, ``multiples of 4, at least 28``, or ``length % 256 == 84``."""
        least = f", at least {short(self.least)}" if any(self.least) else ""
        if any(self.behind):
            return f"length % {self.of[0]} == {self.behind[0]}{least}"
        return f"multiples of {short(self.of)}{least}"

    def missing(self, names: Sequence[str]) -> list[str]:
        """How much to add, per axis, in Python."""
        return [self._missing(i, name) for i, name in enumerate(names)]

    def _missing(self, axis: int, n: str) -> str:
        step, behind, least = self.of[axis], self.behind[axis], self.least[axis]
        next_one = f"({behind} - {n}) % {step}" if behind else f"-{n} % {step}"
        return f"max({next_one}, {least} - {n})" if least else next_one


@proposes("residue-sensitive", "skip-length-mismatch", "view-not-divisible")
def propose(subject: Subject) -> Iterator[Proposal]:
    """If all multiples from one on work, other sizes work as the next of them does."""
    axes = axes_of(subject)
    good = subject.roundtrips if subject.expects_roundtrip else subject.valid
    near = good.nearest(subject.base.hints)
    if near is None or not axes:
        return
    multiples, least = zip(*(_multiple(good, near, s, subject.granularity(s)) for s in axes))
    steps = all_of(divides(n, symbol(s)) for s, n in zip(axes, multiples) if n > 1)
    far = all_of(at_least(symbol(s), n) for s, n in zip(axes, least))
    lengths = SizeSet.of(all_of((steps, far)), good.symbols) & subject.domain
    if math.prod(multiples) > 1 and lengths and lengths <= good:
        yield padded_to(subject, Steps.starting(multiples, least))


def axes_of(subject: Subject) -> list[str]:
    """The axes to pad; none if the output does not have them, or there are several outputs."""
    dims, output = subject.inputs[0].dims, subject.returned
    axes = [str(d) for d in dims[2:]]
    if output is None or len(subject.base.outputs) != 1 or not {*axes} <= {*subject.spatial}:
        return []
    return axes if all(_level(subject, output, s) == 1 for s in axes) else []


def padded_to(subject: Subject, steps: Steps) -> Proposal:
    """Pad the input so far, and crop the output."""
    dims = list(range(-len(steps.of), 0))
    edits = _written(subject, steps)
    return Proposal(
        f"pad the input to {steps.title}, crop the output",
        ({"kind": "multiple", **asdict(steps), "dims": dims},),
        "checkpoints still load",
        "display",
        edits=(edits,) if edits else (),
    )


def _level(subject: Subject, output: int, name: str) -> object:
    found = level(subject.base.outputs[output], name)
    return found and found[0]


def _multiple(good: SizeSet, near: Mapping[str, int], name: str, deepest: int) -> tuple[int, int]:
    """The step in which sizes along one axis work, as far as a few tell, and the first of them."""
    parts = (n for n in range(1, deepest) if deepest % n == 0)
    smallest = good.below_above(name, 1, near)[1] or 1
    for n in itertools.chain(parts, range(deepest, _LARGEST + 1, deepest)):
        first = -(-smallest // n)
        if all({**near, name: n * k} in good for k in range(first, first + _TRIED)):
            return n, n * first
    return 1, 1


def _written(subject: Subject, steps: Steps) -> tuple[Edit, ...]:
    files, path = subject.files, subject.span.path
    forward = method_of(files, path, subject.span.line, "forward")
    if forward is None or len(forward.args.args) < 2:
        return ()
    returns = [n for n in ast.walk(forward) if isinstance(n, ast.Return)]
    first = _first_statement(forward.body)
    if len(returns) != 1 or returns[0] is not forward.body[-1] or returns[0] is first:
        return ()
    value, given = returns[0].value, forward.args.args[1].arg
    if value is None or isinstance(value, (ast.Tuple, ast.List, ast.Dict)):
        return ()
    names = fresh_names(forward, *(["n"] if len(steps.of) == 1 else "dhw"[-len(steps.of) :]))
    sizes = ", ".join(f"0, {missing}" for missing in reversed(steps.missing(names)))
    window = ", ".join(f":{n}" for n in names)
    plain = isinstance(value, (ast.Name, ast.Call, ast.Attribute, ast.Subscript))
    got = f"{given}.shape[-1]" if len(names) == 1 else f"{given}.shape[-{len(names)}:]"
    try:
        pad = f"{given} = {functional(files, path)}.pad({given}, ({sizes}))"
        start = before_statement(files, path, first.lineno, [f"{', '.join(names)} = {got}", pad])
        end = wrapped(files, path, value, f"{'{}' if plain else '({})'}[..., {window}]")
    except Unwritable:
        return ()
    return start, end


def _first_statement(body: Sequence[ast.stmt]) -> ast.stmt:
    """The first one behind the docstring."""
    text = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
    return body[1] if text and len(body) > 1 else body[0]
