"""Runs the model where tracing does not tell: along one axis after the other, then all alike.

On the meta device, or on the CPU where the model wants values; traced where that takes long.
FakeTensorMode is no step between them: it runs the meta kernels, and where there can be none
(``.item()``, ``.numpy()``, a result as long as its values say) it refuses as well. What was run is
known, and nothing else is claimed; the pattern of the sizes that ran is what people read.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, reduce

from shapelint.explore.paths import lacks_values
from shapelint.lengths.expr import Sizes
from shapelint.lengths.phrases import size_text
from shapelint.lengths.sets import SizeSet
from shapelint.session import Run, Session

_TOP = 48
_TOP_OF_SIGNALS = 256
"""Of a length that is the only one: signals are longer than pictures are wide."""
_FEW = 3
"""Of a symbol that the hints hold at a small size: a batch."""
_SECONDS = 20.0
"""Of processor time that all runs may take, but for those next to the size that works."""
_SLOW = 2.0
"""Seconds of a run on the CPU that are too many for a window of them."""
TRACED = "traced"
"""On the meta device, with the rules that say where the CPU does something else."""
_SECONDS_OF_A_CALL = 1e-3
"""Of PyTorch, on the meta device with lengths riding along."""
_NEXT = 3
_BASES = (32, 64, 48, 128, 96, 256, 16, 24, 224, 8, 512, 640, 1024, 1920, 2400, 4096, 4410)
"""Powers of two, patches, and hops of audio: 320, 300 and 441 divide one of them."""


@dataclass(frozen=True)
class Sweep:
    """What the model did at every size that was tried."""

    symbols: tuple[str, ...]
    base: dict[str, int]
    """A size at which it runs; the other symbols are held there while one varies."""
    runs: Mapping[tuple[int, ...], Run]
    reach: int
    """How far from the base it was run, on each axis."""
    varies: bool = False
    """Whether it did something else there when the inputs held other values."""

    def at(self, sizes: Sizes) -> Run | None:
        """What the model did at these sizes; None if they were not tried."""
        return self.runs.get(tuple(sizes[s] for s in self.symbols))

    @cached_property
    def valid(self) -> SizeSet:
        """The sizes at which it ran without an error.

        Each axis for itself if that explains all runs, those too in which several axes vary.
        """
        if not self._axes_are_independent:
            return SizeSet.points(
                self.symbols, (self._sizes(k) for k, r in self.runs.items() if r.ok)
            )
        return reduce(SizeSet.__and__, map(self._axis, self.symbols))

    def _axis(self, symbol: str) -> SizeSet:
        def runs(sizes: dict[str, int]) -> bool:
            run = self.at({**self.base, **sizes})
            return run is not None and run.ok

        window = {symbol: _ends(self.base, symbol, self.reach)}
        return SizeSet.enumerated(runs, (symbol,), window).over(self.symbols)

    @cached_property
    def _axes_are_independent(self) -> bool:
        return all(self._each_axis_runs(self._sizes(k)) == r.ok for k, r in self.runs.items())

    def _each_axis_runs(self, sizes: Sizes) -> bool:
        alone = (self.at({**self.base, s: sizes[s]}) for s in self.symbols)
        return all(run is not None and run.ok for run in alone)

    def _sizes(self, key: tuple[int, ...]) -> dict[str, int]:
        return dict(zip(self.symbols, key))

    @property
    def words(self) -> str:
        """The sizes at which it was run, in words."""
        device = next(iter(self.runs.values())).device
        ends = {s: _ends(self.base, s, self.reach) for s in self.symbols}
        axes = ", ".join(f"{s} = {low}..{high}" for s, (low, high) in ends.items())
        others = f", the others at {size_text(self.base)}" if len(self.symbols) > 1 else ""
        found = "; what comes out depends on the values of the input" if self.varies else ""
        return f"run at {axes}{others} ({device}){found}"


def swept(
    session: Session, hints: Sizes, device: str = "meta", way: SizeSet | None = None
) -> Sweep | None:
    """Runs of a window of sizes around one that works; None if none is found.

    On the CPU if that is asked for, or if the meta device cannot run it. What works is looked for
    among the sizes of a ``way``, if there is one: those that get as far as the run that got
    furthest. If none of them works it is looked for among all. A window ends where its runs have
    taken too long, or become too large for the CPU.
    """
    found = _base(session, _candidates(hints, way), device)
    if found is None and way is not None:
        found = _base(session, _candidates(hints, None), device)
    if found is None:
        return None
    base, device = found[0], _affordable(session, *found)
    runs: dict[tuple[int, ...], Run] = {}
    reach, spent = -1, 0.0
    for there in _rounds(base):
        if reach >= _NEXT and spent > _SECONDS:
            break
        made = {tuple(sizes[s] for s in hints): _run(session, sizes, device) for sizes in there}
        if any(_is_laxer(run, device) for run in made.values()):
            break
        reach += 1
        runs |= made
        spent += sum(run.seconds for run in made.values())
    varies = device == "cpu" and any(
        session.run(sizes, device=device, noise=True) != runs[tuple(sizes[s] for s in hints)]
        for sizes in _largest(base, reach)
    )
    return Sweep(tuple(hints), base, runs, reach, varies)


def _run(session: Session, sizes: Sizes, device: str) -> Run:
    """A run on this device, or on the CPU if the meta device cannot do it."""
    run = _made(session, sizes, device)
    return run if run.ok or not lacks_values(run.error) else session.run(sizes, device="cpu")


def _made(session: Session, sizes: Sizes, device: str) -> Run:
    return _traced(session, sizes) if device == TRACED else session.run(sizes, device=device)


def _is_laxer(run: Run, device: str) -> bool:
    """Whether it was made on the meta device for want of memory, which accepts more."""
    return run.ok and device == "cpu" and run.device == "meta"


def _traced(session: Session, sizes: Sizes) -> Run:
    """A run on the meta device in which the tracer knows what values there are."""
    trace = session.trace(sizes)
    shapes = tuple(tuple(n.at(sizes) for n in shape) for shape in trace.outputs)
    error = trace.failure.error if trace.failure else ""
    return Run(not error, shapes, error, TRACED, _SECONDS_OF_A_CALL * len(trace.nodes))


def _candidates(hints: Sizes, way: SizeSet | None) -> Iterator[dict[str, int]]:
    """Sizes at which it may run, all lengths alike as far as the way lets them."""
    for size in _BASES:
        sizes = {s: n if n <= _FEW else size for s, n in hints.items()}
        yield (way and way.nearest(sizes)) or sizes


def _base(
    session: Session, candidates: Iterable[dict[str, int]], device: str
) -> tuple[dict[str, int], Run] | None:
    """A size that runs, on the cheapest device that can tell.

    Sizes that fail alike on the meta device are alike. The CPU is not asked about more of them if
    it says of one what the meta device says: large models at large sizes take it minutes. Where
    some sizes fit on the CPU, what the meta device accepts in its place tells nothing.
    """
    alike: dict[str, list[dict[str, int]]] = {}
    fits = False
    for sizes in candidates:
        run = _made(session, sizes, device)
        fits |= run.device == "cpu"
        if run.ok and not (fits and _is_laxer(run, device)):
            return sizes, run
        alike.setdefault(_without_numbers(run.error), []).append(sizes)
    for error, failing in alike.items() if device != "cpu" else ():
        for sizes in failing:
            run = session.run(sizes, device="cpu")
            if run.ok:
                return sizes, run
            if _without_numbers(run.error) == error:
                break
    return None


def _affordable(session: Session, base: Sizes, run: Run) -> str:
    """Where to run the window: where the CPU takes long, on the cheapest that says the same."""
    if run.device == "meta" or run.seconds <= _SLOW:
        return run.device
    if session.run(base, device="meta") == dataclasses.replace(run, device="meta"):
        return "meta"
    same = _traced(session, base) == dataclasses.replace(run, device=TRACED)
    return TRACED if same else run.device


def _without_numbers(error: str) -> str:
    return re.sub(r"\d+", "", error)


def _top(base: Sizes, symbol: str) -> int:
    """The end of the window of a symbol."""
    if base[symbol] <= _FEW:
        return _FEW
    alone = sum(n > _FEW for n in base.values()) == 1
    return max(_TOP_OF_SIGNALS if alone else _TOP, base[symbol])


def _ends(base: Sizes, symbol: str, reach: int) -> tuple[int, int]:
    """The first and the last size of a symbol that were run."""
    return max(1, base[symbol] - reach), min(_top(base, symbol), base[symbol] + reach)


def _largest(base: dict[str, int], reach: int) -> Iterator[dict[str, int]]:
    """The base, and the window's ends."""
    yield base
    yield from ({**base, symbol: _ends(base, symbol, reach)[1]} for symbol in base)


def _rounds(base: dict[str, int]) -> Iterator[list[dict[str, int]]]:
    """The window, from its middle outwards: one axis after the other, then all lengths alike."""
    lengths = [s for s in base if _top(base, s) > _FEW]
    yield [base]
    for distance in range(1, max(max(n - 1, _top(base, s) - n) for s, n in base.items()) + 1):
        there = []
        for step in (-distance, distance):
            inside = [s for s, n in base.items() if 1 <= n + step <= _top(base, s)]
            there += [{**base, s: base[s] + step} for s in inside]
            if len(lengths) > 1 and {*lengths} <= {*inside}:
                there.append({**base, **{s: base[s] + step for s in lengths}})
        yield there
