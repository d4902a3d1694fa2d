"""Asking a worker about one file.

torch is never imported here; the worker has it (:mod:`shapelint.process`).
"""

from __future__ import annotations

import ast
import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from shapelint import wire
from shapelint.facts import Built, Facts, ForwardCall, InputGuess, Inventory, Problem
from shapelint.lengths.expr import Bounds
from shapelint.lines import Json
from shapelint.model import Input
from shapelint.process import Unanswered, Worker
from shapelint.records import read
from shapelint.session import Patch, Run
from shapelint.source.texts import Texts
from shapelint.trace import Trace

if TYPE_CHECKING:
    from shapelint.project.wholes import Whole

T = TypeVar("T")


class WorkerSession:
    """One file in a worker; a :class:`shapelint.session.Session` once a model is built.

    A worker serves one file at a time. If it went on to another one, or this file's process was
    killed or crashed, the next request opens the file and builds the model again.
    """

    def __init__(self, worker: Worker, path: Path, root: Path, files: Texts | None = None) -> None:
        self.worker = worker
        self.path = path
        self.root = root
        self.files = files or Texts()
        self._number = 0
        self._facts: Facts | None = None
        self._sources: set[str] = set()
        self._spent = 0.0
        """Seconds spent on answers about the model that was built last."""
        self._state: dict[str, Json] = {}
        """The ``build`` and ``use`` requests to repeat after a restart, in that order."""

    def facts(self) -> Facts:
        """What the file holds. Raises Unanswered."""
        self._ensure()
        assert self._facts is not None
        return self._facts

    def build(
        self,
        target: str,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        train: bool = False,
        imports: Sequence[str] = (),
    ) -> Built:
        """Build a class, factory, instance, or ``"encoder -> decoder"``. Raises Unanswered.

        The ``repr`` of arguments is evaluated where the target is defined, after ``imports``. It is
        in eval mode unless it is to ``train``.
        """
        self._state = {}
        arguments = {"arguments": repr((args, dict(kwargs or {}))), "imports": list(imports)}
        request = {"do": "build", "target": target, **arguments, "train": train}
        self._spent = 0.0
        answer = self._ask(request)
        self._state["build"] = request
        return _decoded(partial(read, Built), answer, "built")

    def part(
        self, target: str, whole: Whole, train: bool = False, anyway: bool = False
    ) -> Built | None:
        """Build a class as a model that it is part of builds it. Raises Unanswered.

        None if that has no such part; and, but ``anyway``, if it is linted with this part.
        """
        self._state = {}
        constructions = [(repr((c.args, dict(c.kwargs))), c.imports) for c in whole.constructions]
        owner = {"owner": whole.name, "path": str(whole.path), "constructions": constructions}
        if whole.chosen:
            chosen = whole.chosen
            owner["chosen"] = [chosen.owner, str(chosen.path), repr(dict(chosen.options))]
        request = {"do": "part", "target": target, **owner, "train": train, "anyway": anyway}
        self._spent = 0.0
        answer = self._ask(request)
        if answer.get("built") is None:
            return None
        self._state["build"] = request
        return _decoded(partial(read, Built), answer, "built")

    def inputs(
        self, calls: Sequence[ForwardCall] = (), kwargs: Mapping[str, Any] | None = None
    ) -> InputGuess:
        """What ``forward`` of the built model takes; used from now on. Raises Unanswered.

        ``calls`` are those of the project, ``kwargs`` literals that are given anyway.
        """
        request = {"do": "inputs", "calls": [dataclasses.asdict(c) for c in calls]}
        answer = self._ask({**request, "kwargs": repr(dict(kwargs or {}))})
        guess = _decoded(partial(read, InputGuess), answer, "inputs")
        self.use(guess.inputs, ast.literal_eval(guess.kwargs))
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
        return _decoded(wire.decode, answer, "trace")

    def run(
        self,
        sizes: Mapping[str, int],
        device: str = "meta",
        patches: Sequence[Patch] = (),
        noise: bool = False,
    ) -> Run:
        """Run the model as it is. Raises Unanswered."""
        request = {"do": "run", "sizes": dict(sizes), "device": device, "noise": noise}
        answer = self._ask({**request, "patches": list(map(dict, patches))})
        return _decoded(partial(read, Run), answer, "run")

    def inventory(self) -> Inventory:
        """What the built model consists of. Raises Unanswered."""
        return read(Inventory, self._ask({"do": "inventory"})["inventory"])

    @contextmanager
    def edited(self, texts: Mapping[str, bytes]) -> Iterator[WorkerSession]:
        """The same model, built from a source in which files have these texts.

        Raises Unanswered if it cannot be loaded or built that way.
        """
        other = WorkerSession(self.worker, self.path, self.root, self.files.with_texts(texts))
        other._state, other._spent = dict(self._state), self._spent
        try:
            yield other
        finally:
            other.close()

    @property
    def sources(self) -> tuple[str, ...]:
        """Once it is closed: the files that its code read, without those of installed packages."""
        return tuple(sorted(self._sources))

    def clock(self) -> float:
        """Seconds of work, of this process and of the worker for it."""
        return time.process_time() + self.worker.spent

    def close(self) -> None:
        """Let the worker go on to another file."""
        if self.worker.serves is self:
            self._spent = 0.0
            with suppress(Unanswered):
                self._sources |= _decoded(set, self._request({"do": "sources"}), "sources")
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
        opening: Json = {"do": "open", "path": str(self.path), "root": str(self.root)}
        opening["texts"] = self.files.to_json()
        self.worker.serves = self
        limits = self.worker.limits
        answer = self._request({**opening, "memory": limits.megabytes, "seconds": limits.seconds})
        self._facts = _decoded(partial(read, Facts), answer, "facts")
        for request in list(self._state.values()):
            self._request(request)

    def _request(self, request: Json) -> Json:
        self._number += 1
        numbered = {**request, "id": f"{id(self)}.{self._number}"}
        opens = request["do"] == "open"
        left = self._left(opens)
        try:
            self.worker.greet(numbered)
            before = self.worker.spent
            answer = self.worker.ask(numbered, left)
        except BaseException:  # the file is open no more
            self.worker.serves = None
            raise
        self._spent += 0 if opens else self.worker.spent - before
        if "problem" in answer:
            raise Unanswered(_decoded(partial(read, Problem), answer, "problem"))
        return answer

    def _left(self, opens: bool) -> float:
        """Seconds that opening the file, or the current model, may still take.

        Raises Unanswered if there are none.
        """
        seconds = self.worker.limits.seconds
        if opens:
            return seconds
        if self._spent >= seconds:
            raise Unanswered(Problem("timeout", f"took longer than {seconds:g} s in all"))
        return seconds - self._spent


def _decoded(decode: Callable[[Any], T], answer: Json, key: str) -> T:
    """A part of an answer. Raises Unanswered if it is not what it should be."""
    try:
        return decode(answer[key])
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as exc:
        text = f"malformed answer: {type(exc).__name__}: {exc}"
        raise Unanswered(Problem("crash", text)) from exc
