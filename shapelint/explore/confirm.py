"""Runs the model in PyTorch to confirm the claims of an analysis.

For every path through the model, and for every reason to fail, it is run at sizes that the analysis
did not need. That catches what tracing cannot see, such as a length that became an ordinary number.
For every finding the witness is run: it has to fail, or to come out as short, as claimed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from shapelint.explore.exploration import Exploration
from shapelint.explore.paths import Failing, Outcome, Path, lacks_values, raised_by_forward
from shapelint.lengths.expr import Sizes
from shapelint.lengths.phrases import size_text
from shapelint.lengths.sets import SizeSet
from shapelint.session import Run, Session
from shapelint.trace import STEP_BY_STEP, Trace


@dataclass(frozen=True)
class Confirmation:
    """A prediction beside what PyTorch did."""

    sizes: dict[str, int]
    run: Run
    agrees: bool
    predicted: str
    """What the analysis had said, in words."""
    spared: bool = False
    """Whether it should fail for some values, and did not for those it was run with."""

    @property
    def doubt(self) -> str:
        """The disagreement in one sentence."""
        did = f"returned {list(self.run.shapes)}" if self.run.ok else f"raised {self.run.error}"
        ran = f"at {size_text(self.sizes)} PyTorch ({self.run.device}) {did}"
        return f"{ran}; the analysis predicted {self.predicted}"


def device_for(exploration: Exploration, fails: bool = True) -> str:
    """The device for confirming runs: the CPU where the meta device may differ, else the latter.

    Some meta kernels accept more than those of the CPU. Others miss values and raise, which matters
    only for sizes that are claimed to fail (``fails``). Recurrent layers run on the CPU as well:
    their meta kernels make every step in Python.
    """
    differs = any(t.lax or (fails and raised_by_forward(t)) for t in exploration.traces)
    return "cpu" if differs or _takes_steps(exploration) else "meta"


def confirm_sizes(
    exploration: Exploration, session: Session, sizes: Sizes, device: str
) -> Confirmation:
    """Run the model at ``sizes`` and compare with the prediction.

    If a run on the meta device succeeds against the prediction, or misses values, a run on the CPU
    decides.
    """
    outcome, event, _ = exploration.outcome(sizes)
    run = session.run(dict(sizes), device=device)
    lax = outcome is Outcome.FAILS and run.ok
    if device != "cpu" and (lax or lacks_values(run.error)):
        run = session.run(dict(sizes), device="cpu")
    if outcome is Outcome.FAILS:
        why = event.why if event is not None else "an exception in forward"
        by_values = event is not None and not event.certain
        if by_values and run.ok:
            run = session.run(dict(sizes), device="cpu", noise=True)
        agrees, said = by_values or not run.ok, f"a failure ({why})"
        return Confirmation(dict(sizes), run, agrees, said, spared=run.ok and by_values)
    expected = tuple(exploration.shapes(sizes))
    agrees = run.ok and tuple(map(tuple, run.shapes)) == expected
    return Confirmation(dict(sizes), run, agrees, f"shapes {list(expected)}")


def confirm_paths(exploration: Exploration, session: Session) -> Iterator[Confirmation]:
    """Confirm every claim at sizes on both sides of it that the analysis did not run."""
    device = {outcome: device_for(exploration, outcome is Outcome.FAILS) for outcome in Outcome}
    beside = _beside(exploration, small=device[Outcome.FAILS] == "cpu")
    claimed = (*_running(exploration), *_failing(exploration), *beside, *_replayed(exploration))
    for sizes in map(dict, dict.fromkeys(tuple(s.items()) for s in claimed)):
        outcome = exploration.outcome(sizes)[0]
        if outcome is not Outcome.ELSEWHERE:
            confirmed = confirm_sizes(exploration, session, sizes, device[outcome])
            if not lacks_values(confirmed.run.error):  # too large to be run with values
                yield confirmed


def _takes_steps(exploration: Exploration) -> bool:
    """Whether a run goes through a sequence step by step."""
    return any(node.op in STEP_BY_STEP for node in exploration.base.nodes)


def _running(exploration: Exploration) -> Iterator[dict[str, int]]:
    """For every path through the model the smallest size that takes it and was not run."""
    for component in exploration.components:
        for path in component.paths:
            yield from _another(path.runs, path.trace, exploration)


def _failing(exploration: Exploration) -> Iterator[dict[str, int]]:
    """For every kind of failure the smallest size that fails so and was not run.

    One op that fails for one kind of need in many layers is one kind. The witness of every finding
    is run in any case.
    """
    kinds: dict[object, Failing] = {}
    for failing in exploration.failures:
        kinds.setdefault(_kind(failing), failing)
    for failing in kinds.values():
        yield from _another(failing.sizes, failing.trace, exploration)


def _kind(failing: Failing) -> object:
    """The op and its kind of need; each ``raise`` in the model is a kind of its own."""
    event, nodes = failing.event, failing.trace.nodes
    if event is None or not 0 <= event.node < len(nodes):
        return id(failing)
    return nodes[event.node].op, event.need


def _another(sizes: SizeSet, trace: Trace, exploration: Exploration) -> Iterator[dict[str, int]]:
    """The smallest of ``sizes`` that was not run, the other symbols at the smallest that run."""
    found = (sizes - SizeSet.points(sizes.symbols, [trace.hints])).lexmin()
    if found is not None:
        yield {**exploration.small, **found}


_BESIDE = 4
"""How many paths are run at a second size; the paths found first are the common ones."""


def _beside(exploration: Exploration, small: bool) -> Iterator[dict[str, int]]:
    """Sizes next to those that were run: a length that was lost may agree there by chance.

    The i-th takes the i-th path of every component, or its last one.
    """
    running = [[p for p in c.paths if p.runs][:_BESIDE] for c in exploration.components]
    if not all(running):
        return
    for i in range(max(map(len, running), default=0)):
        taken = [paths[min(i, len(paths) - 1)] for paths in running]
        yield {s: n for path in taken for s, n in _next_to(path, small).items()}


def _replayed(exploration: Exploration) -> list[dict[str, int]]:
    """The first sizes that take other paths through merged calls: see ``worker.merging``."""
    found = (sizes for trace in exploration.traces for sizes in trace.replayed)
    return list(islice((s for s in found if s in exploration.domain), _BESIDE))


def _next_to(path: Path, small: bool) -> dict[str, int]:
    """The size on a path nearest to one above what was run, or (``small``) above its smallest."""
    symbols = path.runs.symbols
    ran = {s: path.trace.hints[s] for s in symbols}
    least = path.runs.lexmin() or ran
    near = {s: n + 1 for s, n in (least if small else ran).items()}
    new = path.runs - SizeSet.points(symbols, [ran, least])
    return new.nearest(near) or ran
