"""How the analysis asks for runs of a model: in a worker process or in this one.

Both kinds answer the same two questions. ``trace`` runs the model once with symbolic lengths riding
along; ``run`` runs it as it is, without shapelint in the way, and serves as the oracle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from shapelint.facts import Inventory
from shapelint.lengths.expr import Bounds
from shapelint.source.texts import Texts
from shapelint.trace import Trace

Patch = Mapping[str, Any]
"""A change tried on the built model, for example ``{"kind": "attr", "module": "dec.0", …}``."""


class NoSource(Exception):
    """The model exists, and nobody knows how to build it again."""


@dataclass(frozen=True)
class Run:
    """What a plain run of the model did."""

    ok: bool
    shapes: tuple[tuple[int, ...], ...] = ()
    """Shape of every output tensor, in pytree order."""
    error: str = ""
    """``RuntimeError: …`` in PyTorch's words."""
    device: str = "meta"
    seconds: float = field(default=0.0, compare=False)
    """Of processor time."""


class Session(Protocol):
    """One built model, ready to be run at any sizes."""

    def trace(
        self, sizes: Mapping[str, int], known: Bounds | None = None, patches: Sequence[Patch] = ()
    ) -> Trace:
        """Run at ``sizes`` with lengths riding along; failures of the model are in the trace."""

    def run(
        self,
        sizes: Mapping[str, int],
        device: str = "meta",
        patches: Sequence[Patch] = (),
        noise: bool = False,
    ) -> Run:
        """Run at ``sizes`` on a device (``meta`` or ``cpu``) without tracing.

        The inputs hold rising numbers and zeros, or noise and ones.
        """

    def inventory(self) -> Inventory:
        """What the model consists of."""

    @property
    def files(self) -> Texts:
        """The source that it was built from."""

    def edited(self, texts: Mapping[str, bytes]) -> AbstractContextManager[Session]:
        """The same model built from an edited source: the files at these paths have these texts.

        Its methods raise what building raises; a session without a source raises NoSource.
        """
