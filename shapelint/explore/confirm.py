"""Claims are run in PyTorch before anybody reads them.

For every way through the model, and for every reason to fail, more sizes are run than the analysis
needed: they catch what tracing cannot see, such as a length that became an ordinary number on the
way. For every finding the witness is run, and must fail, or come out as short, as claimed.
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

    @property
    def doubt(self) -> str:
        """The disagreement in one sentence."""
        did = f"returned {list(self.run.shapes)}" if self.run.ok else f"raised {self.run.error}"
        ran = f"at {size_text(self.sizes)} PyTorch ({self.run.device}) {did}"
        return f"{ran}; the analysis predicted {self.predicted}"


def device_for(exploration: Exploration, fails: bool = True) -> str:
    """The CPU where the meta device may differ, else the meta device.

    Some of its kernels are laxer, and it has no values: what raises there need not raise elsewhere,
    which is no matter for sizes of which nobody says that one ``fails``.
    A recurrent layer takes far longer there, because each of its steps is written in Python.
    """
    differs = any(t.lax or (fails and raised_by_forward(t)) for t in exploration.traces)
    return "cpu" if differs or _takes_steps(exploration) else "meta"


def confirm_sizes(
    exploration: Exploration, session: Session, sizes: Sizes, device: str
) -> Confirmation:
    """Run the model at ``sizes`` and compare with the prediction.

    Kernels of the meta device may be laxer, or miss values: what runs there against the prediction,
    or ends for want of values, is run on the CPU, and that decides.
    """
    outcome, event, _ = exploration.outcome(sizes)
    run = session.run(dict(sizes), device=device)
    lax = outcome is Outcome.FAILS and run.ok
    if device != "cpu" and (lax or lacks_values(run.error)):
        run = session.run(dict(sizes), device="cpu")
    if outcome is Outcome.FAILS:
        why = event.why if event is not None else "an exception in forward"
        lucky = event is not None and not event.certain
        return Confirmation(dict(sizes), run, lucky or not run.ok, f"a failure ({why})")
    expected = tuple(exploration.shapes(sizes))
    agrees = run.ok and tuple(map(tuple, run.shapes)) == expected
    return Confirmation(dict(sizes), run, agrees, f"shapes {list(expected)}")


def confirm_paths(exploration: Exploration, session: Session) -> Iterator[Confirmation]:
    """Confirm every claim at sizes on both sides of it that the analysis did not run."""
    device = {outcome: device_for(exploration, outcome is Outcome.FAILS) for outcome in Outcome}
    beside = _beside(exploration, small=device[Outcome.FAILS] == "cpu")
    claimed = (*_running(exploration), *_failing(exploration), *beside, *_in_blocks(exploration))
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
    """For every way through the model, the smallest size that takes it."""
    for component in exploration.components:
        for path in component.paths:
            yield from _another(path.runs, path.trace, exploration)


def _failing(exploration: Exploration) -> Iterator[dict[str, int]]:
    """For every kind of reason to fail, the smallest size that does.

    What the same op refuses for the same reason in many layers is asked once; the witness of every
    finding is run besides.
    """
    kinds: dict[object, Failing] = {}
    for failing in exploration.failures:
        kinds.setdefault(_kind(failing), failing)
    for failing in kinds.values():
        yield from _another(failing.sizes, failing.trace, exploration)


def _kind(failing: Failing) -> object:
    """The op and what it needs; where ``forward`` itself raises, each place for itself."""
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
"""How many ways through the model are run at a second size: the first ones are the common ones."""


def _beside(exploration: Exploration, small: bool) -> Iterator[dict[str, int]]:
    """Sizes of which every one is new: what was lost may agree by chance at the smallest.

    The i-th takes the i-th way through every component, or its last one.
    """
    running = [[p for p in c.paths if p.runs][:_BESIDE] for c in exploration.components]
    if not all(running):
        return
    for i in range(max(map(len, running), default=0)):
        taken = [paths[min(i, len(paths) - 1)] for paths in running]
        yield {s: n for path in taken for s, n in _next_to(path, small).items()}


def _in_blocks(exploration: Exploration) -> list[dict[str, int]]:
    """Sizes that take other ways through the calls of modules, of each the first."""
    found = (sizes for trace in exploration.traces for sizes in trace.beside)
    return list(islice((s for s in found if s in exploration.domain), _BESIDE))


def _next_to(path: Path, small: bool) -> dict[str, int]:
    """One more than the size that was run, or than the smallest, or as near as the path allows."""
    symbols = path.runs.symbols
    ran = {s: path.trace.hints[s] for s in symbols}
    least = path.runs.lexmin() or ran
    near = {s: n + 1 for s, n in (least if small else ran).items()}
    new = path.runs - SizeSet.points(symbols, [ran, least])
    return new.nearest(near) or ran
