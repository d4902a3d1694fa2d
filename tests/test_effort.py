"""isl gives up in time, and what it gave up is "not checked": neither a finding nor a fix."""

import importlib
import itertools
import signal
import threading

import islpy as isl
import pytest
import torch
from torch import nn

import shapelint
from shapelint import analysis, trials
from shapelint.lengths import effort, points
from shapelint.lengths.domain import domain_of
from shapelint.lengths.effort import Deadline, TooHard, at_most
from shapelint.lengths.sets import SizeSet


def crowded(steps: int):
    """A set with more residues of two sizes, tied together, at every step."""
    sizes = domain_of((), ("H", "W"))
    for k in range(2, 2 + steps):
        sizes = sizes - domain_of([f"(H + W) % {k} == 1"], ("H", "W"))
    return sizes


@pytest.mark.parametrize("steps", [0, 1, 2])
def test_what_is_easy_is_done(steps):
    with at_most(1_000_000):
        easy = crowded(steps)
    assert easy == crowded(steps)


_REMAINDERS = (
    "(-floor((7813 + L)/36864)) mod 4 = 2"
    " and 147456*floor((-44678 - L)/147456) >= -81541 - L"
    " and -6 + 3*floor((7813 + L)/36864) <= 8*floor((3*floor((7813 + L)/36864))/8)"
    " and 8*floor((3*floor((7813 + L)/36864))/8) <= -2 + 3*floor((7813 + L)/36864)"
    " and 73728*floor((3*floor((7813 + L)/36864))/8)"
    " >= 7814 + L + 73728*floor((29050 - L)/147456)"
)


def test_the_first_of_a_set_with_divisions_of_large_numbers_is_found_in_a_few_steps():
    sizes = isl.Set(f"{{ [L] : L >= 29051 and {_REMAINDERS} }}")
    with at_most(10_000):
        assert points.corner(sizes, ("L",)) == {"L": 213371}


def test_what_is_hard_is_given_up():
    with pytest.raises(TooHard), at_most(1_000):
        crowded(5)


@pytest.mark.parametrize(("side", "listed"), [(16, True), (200, False)])
def test_scattered_sizes_are_listed_at_little_cost_and_not_told_one_by_one(side, listed):
    square = {"H": (1, side), "W": (1, side)}
    with at_most(20_000):
        sizes = SizeSet.enumerated(
            lambda p: p["H"] * p["W"] % 211 in (1, 36, 100), ("H", "W"), square
        )
    assert {"H": 1, "W": 36} in sizes or side < 36
    assert (sizes.text != "sizes that take too many words") == listed


@pytest.mark.parametrize(("seconds", "tries"), [(0.01, 3), (10.0, 1)])
def test_steps_that_take_far_too_long_are_not_tried_again(monkeypatch, seconds, tries):
    clock = itertools.count(step=seconds)
    monkeypatch.setattr(effort, "process_time", lambda: next(clock))
    tried = []

    def endless():
        tried.append(1)
        raise isl.Error

    with pytest.raises(TooHard), at_most(100_000):
        effort.charged(endless)
    assert len(tried) == tries


def test_listed_sets_are_met_at_the_cost_of_one():
    """Slices that share no size are not brought together."""
    window = {"H": (1, 64), "W": (1, 64)}
    one, other = (
        SizeSet.enumerated(lambda p, k=k: p["H"] * p["W"] % k == 1, ("H", "W"), window)
        for k in (67, 71)
    )
    with at_most(10_000):
        both = one & other
    assert both.members(99) == [s for s in one.members(99) if s in other]


def test_the_limit_ends_with_the_body():
    with pytest.raises(TooHard), at_most(1_000):
        crowded(5)
    assert {"H": 6, "W": 6} in crowded(3)


def test_a_limit_within_a_limit_gives_the_outer_one_back():
    def nested():
        with at_most(10_000_000):
            crowded(3)
        crowded(5)

    with pytest.raises(TooHard), at_most(1_000):
        nested()


def test_other_errors_pass():
    with pytest.raises(ZeroDivisionError), at_most(1_000):
        _ = 1 // 0


class Joined(nn.Module):
    """One level of a U-Net: odd lengths fail, padding repairs them."""

    def __init__(self):
        super().__init__()
        self.up = nn.ConvTranspose1d(1, 1, 2, 2)

    def forward(self, x):
        return torch.cat([x, self.up(nn.functional.max_pool1d(x, 2))], 1)


class Nested(nn.Module):
    """As many levels of a U-Net as asked for, one inside the other."""

    def __init__(self, levels: int):
        super().__init__()
        self.down = nn.Conv1d(2, 2, 2, 2)
        self.inner = Nested(levels - 1) if levels > 1 else nn.Identity()
        self.up = nn.ConvTranspose1d(2, 2, 2, 2)
        self.mix = nn.Conv1d(4, 2, 1)

    def forward(self, x):
        return self.mix(torch.cat([x, self.up(self.inner(self.down(x)))], 1))


@pytest.mark.parametrize("levels", [1, 3, 6])
def test_passing_output_size_takes_one_run_however_deep_the_model_is(levels):
    found = shapelint.analyze(Nested(levels), inputs=[("N", 2, "L")])
    assert any("output_size" in title for title in titles(found))


def joined():
    return shapelint.analyze(Joined(), inputs=[("N", 1, "L")])


def titles(found):
    return {fix.title for diagnostic in found.diagnostics for fix in diagnostic.fixes}


def test_within_its_budget_a_model_is_proven_and_repaired():
    found = joined()
    assert found.evidence == "proven"
    assert any(d.fixes for d in found.diagnostics)


def test_a_trial_beyond_its_budget_offers_nothing(monkeypatch):
    """Those that are known to help without a step of isl are offered all the same."""
    within = titles(joined())
    monkeypatch.setattr(trials, "_EFFORT", 1)
    found = joined()
    assert found.diagnostics
    assert titles(found) < within


def test_a_model_beyond_its_budget_is_not_proven(monkeypatch):
    monkeypatch.setattr(analysis, "_EFFORT", 1)
    found = joined()
    assert found.evidence == "checked"
    assert "(checked for N <= 3, L <= " in found.valid_sizes.text
    assert found.diagnostics == ()
    assert found.predict({"N": 2, "L": 4}).evidence != "proven"
    assert found.predict({"N": 2, "L": 10**6}).ok is None


def test_what_isl_does_is_charged_to_every_open_budget():
    with at_most(10_000_000) as outer, at_most(5_000_000) as inner:
        crowded(3)
    assert 0 < 5_000_000 - inner.left == 10_000_000 - outer.left


def test_what_one_model_has_asked_costs_the_next_one_as_much():
    def cost():
        with at_most(10_000_000) as effort:
            high, wide = (domain_of([f"{s} % 3 == 0"], ("H", "W")) for s in "HW")
            assert (high | wide) - high == wide - high
        return 10_000_000 - effort.left

    cost()  # comparisons are solved once
    assert 0 < cost() == cost()


def test_after_the_deadline_nothing_more_is_worked_out():
    now = [0.0]
    with Deadline(60, clock=lambda: now[0]).spent():
        crowded(3)
        now[0] = 60.5
        with pytest.raises(TooHard, match=r"--timeout \(60 s\)"):
            crowded(4)


def test_what_asks_no_budget_is_interrupted():
    with pytest.raises(TooHard, match="--timeout"), Deadline(0.01, clock=lambda: 0).spent():
        all(x == 0 for x in iter(int, 1))
    assert signal.getitimer(signal.ITIMER_PROF) == (0, 0)


def test_a_module_is_imported_to_its_end(tmp_path, monkeypatch):
    """What it has registered by then is registered once."""
    takes = "import time\nend = time.process_time() + 0.1\nwhile time.process_time() < end: pass\n"
    (tmp_path / "module_that_takes_time.py").write_text(takes)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(effort, "_AGAIN", 0.02)
    imported = []

    def imports_and_goes_on():
        imported.append(importlib.import_module("module_that_takes_time"))
        all(x == 0 for x in iter(int, 1))

    with pytest.raises(TooHard, match="--timeout"), Deadline(0.02, clock=lambda: 0).spent():
        imports_and_goes_on()
    assert imported


def test_another_thread_has_the_deadline_too():
    ended = []

    def work():
        with pytest.raises(TooHard), Deadline(0.01, clock=itertools.count().__next__).spent():
            crowded(4)
        ended.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert ended == [True]


def test_the_findings_have_what_the_exploration_left():
    found = joined()
    found.effort.left = 0
    assert found.diagnostics == ()
    assert all("the budget of steps for one model is spent" in d for d in found.doubts)
    assert found.evidence == "checked"
    assert found.predict({"N": 2, "L": 4}).ok
