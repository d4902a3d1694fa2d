"""What a run writes down, and what it need not write down."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapelint.lengths.conditions import all_of, any_of, at_least, divides, equal, unequal
from shapelint.lengths.expr import floordiv, product, symbol
from shapelint.worker.recorder import NeedFailed, Recorder, current, recording

L, M = symbol("L"), symbol("M")
SIZES = {"L": 10, "M": 7}

BRANCHES = {
    "a foregone conclusion": (at_least(L, 1), None, True, 0),
    "a constant": (equal(L - L, 0), None, True, 0),
    "known from the domain": (at_least(L, 5), {"L": (8, None)}, True, 0),
    "impossible in the domain": (at_least(L, 20), {"L": (1, 16)}, False, 0),
    "open": (at_least(L, 5), None, True, 1),
    "open and false": (divides(3, L), None, False, 1),
    "of two symbols": (equal(L, M), None, False, 1),
}


@pytest.mark.parametrize(("condition", "known", "holds", "events"), BRANCHES.values(), ids=BRANCHES)
def test_a_branch_is_recorded_unless_it_is_foregone(condition, known, holds, events):
    recorder = Recorder(SIZES, known)
    assert recorder.branch(condition) is holds
    assert [(e.kind, e.condition, e.holds) for e in recorder.events] == [
        ("branch", condition, holds)
    ] * events


@pytest.mark.parametrize("condition", [at_least(L, 5), divides(3, L), equal(L, M)])
def test_what_was_asked_is_not_recorded_again(condition):
    recorder = Recorder(SIZES)
    assert recorder.branch(condition) == recorder.branch(condition)
    assert len(recorder.events) == 1


def test_what_is_needed_is_known_afterwards():
    recorder = Recorder(SIZES)
    recorder.need(divides(5, L), "view", "must be a multiple of 5")
    assert recorder.branch(divides(5, L))
    assert [e.kind for e in recorder.events] == ["need"]


FOLLOWING = {
    "itself": divides(5, L),
    "one of several is enough": any_of([equal(L, M), divides(5, L)]),
    "all of them": any_of([equal(L, M), all_of([divides(7, M), divides(5, L)])]),
}


@pytest.mark.parametrize("condition", FOLLOWING.values(), ids=FOLLOWING)
def test_what_follows_from_what_was_asked_is_not_recorded(condition):
    recorder = Recorder(SIZES)
    recorder.need(all_of([divides(5, L), divides(7, M)]), "view", "must divide")
    recorder.need(condition, "view", "must divide")
    assert recorder.branch(condition)
    assert len(recorder.events) == 2


def test_one_of_all_is_not_enough():
    recorder = Recorder(SIZES)
    recorder.need(divides(5, L), "view", "must divide")
    recorder.need(any_of([equal(L, M), all_of([divides(7, M), divides(5, L)])]), "view", "divide")
    assert len(recorder.events) == 2


TIGHTENED = {
    "a bound": (at_least(L, 5), 5),
    "behind a quotient": (at_least(floordiv(L, 2), 3), 6),
    "behind two": (at_least(floordiv(floordiv(L + 1, 2), 2), 2), 7),
    "of a multiple": (at_least(3 * L, 10), 4),
    "from above: nothing": (at_least(20, L), 1),
    "of two symbols: nothing": (at_least(L + M, 10), 1),
    "of a product: nothing": (at_least(product((L, L)), 10), 1),
    "no bound: nothing": (divides(5, L), 1),
}


@pytest.mark.parametrize(("condition", "low"), TIGHTENED.values(), ids=TIGHTENED)
def test_a_lower_bound_decides_later_questions(condition, low):
    recorder = Recorder(SIZES)
    recorder.need(condition, "fits", "too small")
    assert recorder.known.get("L", (1, None))[0] == low
    least = min(n for n in range(1, 50) if condition.at({"L": n, "M": 7}))
    assert low in (1, least)
    before = len(recorder.events)
    recorder.branch(at_least(L, low))
    assert len(recorder.events) == before


def test_a_branch_that_was_not_taken_bounds_too():
    recorder = Recorder(SIZES)
    assert not recorder.branch(at_least(5, L))
    assert recorder.branch(at_least(L, 6))
    assert len(recorder.events) == 1


def test_needs_of_a_conjunction_are_needs_of_their_own():
    recorder = Recorder(SIZES)
    recorder.need(all_of([divides(5, L), divides(7, M)]), "view", "must divide", (L, M))
    assert [e.condition for e in recorder.events] == [divides(5, L), divides(7, M)]
    assert {(e.need, e.why, e.lengths) for e in recorder.events} == {
        ("view", "must divide", (L, M))
    }


def test_a_need_that_fails_is_recorded_and_raised():
    recorder = Recorder(SIZES)
    with pytest.raises(NeedFailed, match="differ") as raised:
        recorder.need(equal(L, M), "match", lambda: "lengths differ", error=ValueError)
    assert raised.value.error is ValueError
    assert [(e.holds, e.why) for e in recorder.events] == [(False, "lengths differ")]


def test_a_text_that_nobody_reads_is_not_made():
    def never() -> str:
        raise AssertionError

    Recorder(SIZES).need(at_least(L, 1), "fits", never)


def test_a_need_names_the_line_of_the_user():
    recorder = Recorder(SIZES)
    recorder.need(any_of([equal(L, 10), unequal(M, 3)]), "other", "why")
    span = recorder.events[0].span
    assert span.path == __file__
    assert "recorder.need(any_of" in Path(__file__).read_text("utf-8").splitlines()[span.line - 1]


def test_what_was_lost_is_said_once_for_each_line():
    recorder = Recorder(SIZES)
    for _ in range(3):
        recorder.lost("a length went missing")
    (text,) = recorder.checked
    assert text.startswith("a length went missing (test_recorder.py:")


def test_recorders_are_nested():
    outer, inner = Recorder(SIZES), Recorder(SIZES)
    assert current() is None
    with recording(outer):
        with recording(inner):
            assert current() is inner
        assert current() is outer
    assert current() is None


def test_a_recorder_is_left_when_the_run_fails():
    with pytest.raises(KeyError), recording(Recorder(SIZES)):
        raise KeyError
    assert current() is None
