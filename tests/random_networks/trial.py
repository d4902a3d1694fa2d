"""One network tried: analysed, and compared with PyTorch at several sizes."""

from __future__ import annotations

import signal
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from tests.random_networks.compare import difference, predicted, sizes_of, truth
from tests.random_networks.network import Network, module_of
from tests.runs import analysed

SECONDS = 20
"""Processor time that one network may take."""


@dataclass(frozen=True)
class Trial:
    """What came of one network, so far."""

    evidence: str
    """``proven``, ``checked`` or ``not-checked``; ``refused`` if a constructor raises; ``none``."""
    compared: int = 0
    """At how many sizes prediction and truth were compared."""
    unanswered: int = 0
    """At how many PyTorch had not the memory or the time."""
    asked: Mapping[str, int] | None = None
    """The sizes at which PyTorch is being run."""
    problem: str = ""
    """``differs``, ``crash``, ``slow``, or ``torch crash`` for one of PyTorch itself; or empty."""
    detail: str = ""
    doubts: tuple[str, ...] = ()


class _TooSlow(BaseException):
    """Not an Exception: nobody on the way is to catch it."""


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise _TooSlow

    signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds, 1)  # again: what is raised may be ignored once
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def tried(network: Network, seed: int, tell: Callable[[Trial], None] = lambda trial: None) -> Trial:
    """Analyse a network and compare it at the sizes that ``seed`` chooses.

    ``tell`` hears what is known so far each time that PyTorch is about to run.
    """
    known = Trial("none")
    try:
        with _limited(SECONDS), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of PyTorch, about odd hyper-parameters
            for known in _compared(network, seed):
                tell(known)
    except _TooSlow:
        return late(known)
    except Exception:  # whatever it is, it is ours
        return replace(known, problem="crash", detail=traceback.format_exc(limit=-6))
    return known


def late(known: Trial) -> Trial:
    """The time is over: that of the analysis, or of PyTorch, which nobody promised to be quick."""
    if known.asked is not None:
        return replace(known, asked=None, unanswered=known.unanswered + 1)
    return replace(known, problem="slow", detail=f"more than {SECONDS} s")


def _compared(network: Network, seed: int) -> Iterator[Trial]:
    """What is known, step by step; the last is the outcome."""
    try:
        module = module_of(network)
    except ValueError:
        yield Trial("refused")
        return
    analysis = analysed(module, ",".join(network.inputs))
    known = Trial(analysis.evidence, doubts=analysis.doubts)
    for sizes in sizes_of(network, seed):
        if (told := predicted(analysis, sizes)) is None:
            continue
        yield replace(known, asked=sizes)
        if (true := truth(network, sizes)) is None:
            known = replace(known, unanswered=known.unanswered + 1)
            continue
        known = replace(known, compared=known.compared + 1)
        if wrong := difference(analysis, sizes, told, true):
            known = replace(known, problem="differs", detail=_told(sizes, *wrong))
            break
    yield known


def _told(sizes: object, told: object, true: object) -> str:
    return f"at {sizes}\n  told {told}\n  true {true}"


def smallest(
    network: Network, trial: Trial, seed: int, trying: Callable[[Network, int], Trial] = tried
) -> tuple[Network, Trial]:
    """The network without the steps that do not matter for the problem."""
    for smaller in _without_one(network):
        again = trying(smaller, seed)
        if (again.problem, again.evidence) == (trial.problem, trial.evidence):
            return smallest(smaller, again, seed, trying)
    return network, trial


def _without_one(network: Network) -> Iterator[Network]:
    for name in ("steps", "inner"):
        steps = getattr(network, name)
        for i in range(len(steps)):
            yield replace(network, **{name: steps[:i] + steps[i + 1 :]})


def written(network: Network, trial: Trial) -> str:
    """A file to paste, and what is wrong with it."""
    said = [*f"{trial.problem} ({trial.evidence}) {trial.detail}".splitlines(), *trial.doubts]
    said += [f"inputs {list(network.inputs)}" + (", in training mode" if network.train else "")]
    return "\n".join([*(f"# {line}" for line in said), network.source])
