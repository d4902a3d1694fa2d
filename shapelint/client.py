"""Asking a worker about one file.

torch is never imported here; the worker has it (:mod:`shapelint.process`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from shapelint import facts, wire
from shapelint.facts import Built, Facts, InputGuess, Problem
from shapelint.lengths.expr import Bounds
from shapelint.model import Input
from shapelint.process import Json, Limits, Unanswered, Worker
from shapelint.session import Patch, Run
from shapelint.trace import Trace

__all__ = ["Limits", "Unanswered", "Worker", "WorkerSession"]


class WorkerSession:
    """One file in a worker; a :class:`shapelint.session.Session` once a model is built.

    A worker serves one file at a time. If it went on to another one, or this file's process was
    killed or crashed, the next request opens the file and builds the model again.
    """

    def __init__(self, worker: Worker, path: Path, root: Path) -> None:
        self.worker = worker
        self.path = path
        self.root = root
        self._number = 0
        self._facts: Facts | None = None
        self._state: dict[str, Json] = {}
        """The ``build`` and ``use`` requests to repeat after a restart, in that order."""

    def facts(self) -> Facts:
        """What the file holds. Raises Unanswered."""
        self._ensure()
        assert self._facts is not None
        return self._facts

    def build(
        self, target: str, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Built:
        """Build a class, factory, instance, or ``"encoder -> decoder"``. Raises Unanswered.

        Arguments must be Python literals.
        """
        self._state = {}
        request = {"do": "build", "target": target, "arguments": repr((args, dict(kwargs or {})))}
        answer = self._ask(request)
        self._state["build"] = request
        return facts.read(Built, answer["built"])

    def inputs(self) -> InputGuess:
        """What ``forward`` of the built model takes; used from now on. Raises Unanswered."""
        guess = facts.read(InputGuess, self._ask({"do": "inputs"})["inputs"])
        self.use(guess.inputs)
        return guess

    def use(
        self,
        inputs: Sequence[Input],
        kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        """Run the model on these inputs from now on; ``kwargs`` are literals that stay the same."""
        described = [dataclasses.asdict(i) for i in inputs]
        request = {"do": "use", "inputs": described, "kwargs": repr(dict(kwargs or {}))}
        self._ask(request)
        self._state["use"] = request

    def trace(
        self, sizes: Mapping[str, int], known: Bounds | None = None, patches: Sequence[Patch] = ()
    ) -> Trace:
        """Run with lengths riding along. Raises Unanswered."""
        request = {"do": "trace", "sizes": dict(sizes), "known": known and dict(known)}
        answer = self._ask({**request, "patches": list(map(dict, patches))})
        return wire.decode(answer["trace"])

    def run(
        self, sizes: Mapping[str, int], device: str = "meta", patches: Sequence[Patch] = ()
    ) -> Run:
        """Run the model as it is. Raises Unanswered."""
        request = {"do": "run", "sizes": dict(sizes), "device": device}
        run = self._ask({**request, "patches": list(map(dict, patches))})["run"]
        return facts.read(Run, run)

    def close(self) -> None:
        """Let the worker go on to another file."""
        if self.worker.serves is self:
            with suppress(Unanswered):  # closed is closed
                self._request({"do": "close"})
            self.worker.serves = None

    def _ask(self, request: Json) -> Json:
        self._ensure()
        return self._request(request)

    def _ensure(self) -> None:
        """Open the file, and repeat what was asked of it, if no process has it open."""
        if self.worker.serves is self:
            return
        if self.worker.serves is not None:
            self.worker.serves.close()
        opening = {"do": "open", "path": str(self.path), "root": str(self.root)}
        self.worker.serves = self
        limits = self.worker.limits
        answer = self._request({**opening, "memory": limits.megabytes, "seconds": limits.seconds})
        self._facts = facts.read(Facts, answer["facts"])
        for request in list(self._state.values()):
            self._request(request)

    def _request(self, request: Json) -> Json:
        self._number += 1
        numbered = {**request, "id": f"{id(self)}.{self._number}"}
        try:
            answer = self.worker.ask(numbered, self.worker.limits.seconds)
        except Unanswered:
            self.worker.serves = None
            raise
        if "problem" in answer:
            raise Unanswered(facts.read(Problem, answer["problem"]))
        return answer
