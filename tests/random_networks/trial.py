"""One network tried: analysed, and compared with PyTorch at several sizes."""

from __future__ import annotations

import signal
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from tests.random_networks.compare import difference, sizes_of
from tests.random_networks.network import Network, module_of
from tests.runs import analysed

__all__ = ["Trial", "smallest", "tried", "written"]

_SECONDS = 20
"""Processor time that one network may take."""


@dataclass(frozen=True)
class Trial:
    """What came of one network."""

    evidence: str
    """``proven``, ``checked`` or ``not-checked``; ``refused`` if a constructor raises."""
    compared: int = 0
    """At how many sizes prediction and truth were compared."""
    problem: str = ""
    """``differs``, ``crash`` or ``slow``; empty if all is well."""
    detail: str = ""
    doubts: tuple[str, ...] = ()


class _TooSlow(BaseException):
    """Not an Exception: nobody on the way is to catch it."""


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise _TooSlow

    signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def tried(network: Network, seed: int) -> Trial:
    """Analyse a network and compare it at the sizes that ``seed`` chooses."""
    try:
        with _limited(_SECONDS), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of PyTorch, about odd hyper-parameters
            return _compared(network, seed)
    except _TooSlow:
        return Trial("none", problem="slow", detail=f"more than {_SECONDS} s")
    except Exception:  # whatever it is, it is ours
        return Trial("none", problem="crash", detail=traceback.format_exc(limit=-6))


def _compared(network: Network, seed: int) -> Trial:
    try:
        module = module_of(network)
    except ValueError:
        return Trial("refused")
    analysis = analysed(module, ",".join(network.inputs))
    trial = Trial(analysis.evidence, doubts=analysis.doubts)
    for i, sizes in enumerate(sizes_of(network, seed)):
        wrong = difference(network, analysis, sizes)
        trial = replace(trial, compared=i + 1)
        if wrong:
            return replace(trial, problem="differs", detail=_told(sizes, *wrong))
    return trial


def _told(sizes: object, told: object, true: object) -> str:
    return f"at {sizes}\n  told {told}\n  true {true}"


def smallest(network: Network, seed: int, trial: Trial) -> tuple[Network, Trial]:
    """The network without the steps that do not matter for the problem."""
    for smaller in _without_one(network):
        again = tried(smaller, seed)
        if (again.problem, again.evidence) == (trial.problem, trial.evidence):
            return smallest(smaller, seed, again)
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
