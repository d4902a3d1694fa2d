"""Fixes: proposed here, tried on the model, printed only if they help.

A proposal is a list of patches that the worker applies to the built model (change an attribute,
resize a weight, crop an argument) and what to write in the source. It is traced again like any
model; what it gains and what it breaks is computed, not promised.

A module of this package holds one generator, found by walking the package::

    @proposes("roundtrip-length")
    def propose(subject: Subject) -> Iterator[Proposal]: ...
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shapelint.model import Applicability, Edit
from shapelint.registry import Registry
from shapelint.session import Patch
from shapelint.trace import Node

if TYPE_CHECKING:
    from shapelint.subject import Subject


@dataclass(frozen=True)
class Change:
    """Give one layer, or one call of a function, another value for a keyword."""

    node: Node
    keyword: str
    value: str
    """As it is written in Python."""
    kept: bool = False
    """Whether it has this value already, and is built by a call that builds others too."""


@dataclass(frozen=True)
class Proposal:
    """A change to try."""

    title: str
    patches: tuple[Patch, ...]
    cost: str
    """What it costs in words: ``checkpoints still load`` or ``weights change shape``."""
    applicability: Applicability
    """At best; what is found out may make it worse."""
    changes: tuple[Change, ...] = ()
    """How to write it down, where that is a matter of keywords."""
    edits: tuple[tuple[Edit, ...], ...] = ()
    """How to write it down where it is not: alternatives, the most natural one first."""

    lazy: bool = False
    """Whether a layer takes a size from the first input: a model is then built for each size."""

    leads_on: bool = False
    """Whether it is right, and may gain only together with a repair of what fails behind it."""

    @property
    def is_writable(self) -> bool:
        """Whether it is known how to write it down."""
        return bool(self.changes or self.edits)

    @property
    def size(self) -> int:
        """How much it changes: layers and places."""
        return max(len(self.patches), len([c for c in self.changes if not c.kept]))


Propose = Callable[["Subject"], Iterator[Proposal]]

_PROPOSERS: Registry[tuple[tuple[str, ...], Propose]] = Registry("shapelint.fixes")


def proposes(*rules: str) -> Callable[[Propose], Propose]:
    """Decorator: the generator proposes fixes for diagnostics of these rules."""

    def decorate(propose: Propose) -> Propose:
        _PROPOSERS.register(propose.__module__)((rules, propose))
        return propose

    return decorate


def proposals(rule: str, subject: Subject) -> Iterator[Proposal]:
    """Everything worth trying against a diagnostic of ``rule``."""
    for _, (rules, propose) in sorted(_PROPOSERS.items()):
        if rule in rules:
            yield from propose(subject)
