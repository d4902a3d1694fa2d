"""One run, read as a statement about all sizes on its way."""

from __future__ import annotations

import pytest
from torch import nn
from torch.nn import functional as F

from shapelint.explore.paths import WINDOW, Outcome, follow, read, set_of
from shapelint.lengths.domain import condition_of, domain_of
from shapelint.lengths.sets import SizeSet
from shapelint.local import LocalSession
from shapelint.model import Input
from tests.runs import really

ALL = SizeSet.universe(("N", "L"))


class Windowed(nn.Module):
    """Pads odd lengths, folds into windows of 4, refuses more than 40."""

    def forward(self, x):
        if x.shape[-1] % 2:
            x = F.pad(x, (0, 1))
        if x.shape[-1] > 40:
            raise ValueError("too long")
        return x.view(x.shape[0], -1, 4)


def traced(length: int, module: nn.Module | None = None):
    session = LocalSession(module or Windowed(), [Input("0", ("N", "L"))])
    return session.trace({"N": 2, "L": length})


READ = {
    "a run that works": (8, "L % 4 == 0 and L <= 40", "L % 4 == 2 and L <= 40"),
    "a run on the other branch": (7, "L % 4 == 3 and L <= 39", "L % 4 == 1 and L <= 39"),
    "a need that fails": (6, "no size", "L % 4 == 2 and L <= 40"),
    "forward raises": (42, "no size", "L % 2 == 0 and L > 40"),
    "forward raises on the other branch": (41, "no size", "L % 2 == 1 and L >= 41"),
}


@pytest.mark.parametrize(("length", "runs", "fails"), READ.values(), ids=READ)
def test_a_run_is_read_for_all_sizes_at_once(length, runs, fails):
    path = read(traced(length), ALL)
    assert path.runs == domain_of([runs], ("N", "L"))
    (failing,) = path.fails
    assert failing.sizes == domain_of([fails], ("N", "L"))
    assert path.elsewhere == ALL - path.runs - failing.sizes


def test_a_run_says_nothing_outside_the_domain():
    path = read(traced(8), domain_of(["L = 6..9"], ("N", "L")))
    assert path.runs == domain_of(["L == 8"], ("N", "L"))
    assert path.elsewhere == domain_of(["L in (7, 9)"], ("N", "L"))


@pytest.mark.parametrize("length", [6, 7, 8, 41, 42])
def test_following_a_run_at_one_size_agrees_with_reading_it(length):
    trace = traced(length)
    path = read(trace, ALL)
    for n in range(1, 60):
        sizes = {"N": 2, "L": n}
        outcome, event = follow(trace, sizes)
        assert (outcome is Outcome.RUNS) == (sizes in path.runs)
        assert (outcome is Outcome.ELSEWHERE) == (sizes in path.elsewhere)
        if outcome is not Outcome.ELSEWHERE:
            runs = really(Windowed(), "N L", sizes) is not None
            assert (outcome is Outcome.RUNS) == runs
        assert event is None or event.need == "view"


class Unforeseen(nn.Module):
    """An op that fails although no need is broken speaks for its own size alone."""

    def forward(self, x):
        return x.cholesky_solve(x)


def test_a_failure_without_a_reason_is_one_of_its_own_size():
    trace = traced(8, Unforeseen())
    assert trace.failure is not None
    assert not trace.failure.explained
    path = read(trace, ALL)
    assert ALL - path.elsewhere == SizeSet.points(("N", "L"), [{"N": 2, "L": 8}])
    assert follow(trace, {"N": 2, "L": 9}) == (Outcome.ELSEWHERE, None)
    assert follow(trace, {"N": 2, "L": 8}) == (Outcome.FAILS, None)


def test_events_on_other_symbols_are_taken_as_they_went():
    assert read(traced(8), SizeSet.universe(("N",))).runs.is_universe


LISTED = {
    "linear": ("L % 3 == 1", None),
    "a product that cancels": ("N * L == N * 4", None),
    "a product that must be tried": ("(N * L) // 7 == N + 2 * L", WINDOW[2]),
}


@pytest.mark.parametrize(("text", "top"), LISTED.values(), ids=LISTED)
def test_conditions_are_exact_or_listed_on_a_window(text, top):
    condition = condition_of(text)
    found = set_of(condition, ALL)
    assert (found.window is None) == (top is None)
    for n in range(1, 20):
        for length in range(1, 20):
            sizes = {"N": n, "L": length}
            assert (sizes in found) == condition.at(sizes)
    if top:
        assert {"N": 5 * top, "L": 7 * top} not in found
