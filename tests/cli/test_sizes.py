"""``shapelint sizes``: sets in words, the smallest, the nearest."""

import pytest

from shapelint.lengths.domain import domain_of
from shapelint.model import Examination
from tests.reports import target

EVEN = domain_of(["L % 2 == 0"], ("L",))
FOURS = domain_of(["L % 4 == 0"], ("L",))
NONE = domain_of(["no size"], ("L",))

TEXTS = {
    "every size that runs comes back": (
        target(valid_sizes=EVEN, roundtrip_sizes=EVEN, outputs=("(N, 1, L)",)),
        [],
        0,
        """\
models/ae.py:AE(x: N, 1, L)
runs at        L % 2 == 0
smallest       L = 2
comes back at  all of them
returns        (N, 1, L)
evidence       proven
""",
    ),
    "some come back": (
        target(valid_sizes=EVEN, roundtrip_sizes=FOURS, outputs=("(N, 1, 4*floor(L/4))",)),
        [],
        0,
        """\
models/ae.py:AE(x: N, 1, L)
runs at        L % 2 == 0
smallest       L = 2
comes back at  L % 4 == 0
returns        (N, 1, 4*floor(L/4))
evidence       proven
""",
    ),
    "runs that did not cover every size": (
        target(evidence="checked", reason="some were run", valid_sizes=EVEN, unknown_sizes=FOURS),
        [],
        0,
        """\
models/ae.py:AE(x: N, 1, L)
runs at        L % 2 == 0
smallest       L = 2
not known at   L % 4 == 0
evidence       checked: some were run
""",
    ),
    "nothing is meant to come back, and not all is proven": (
        target(evidence="checked", reason="an op was probed", valid_sizes=EVEN),
        [],
        0,
        """\
models/ae.py:AE(x: N, 1, L)
runs at        L % 2 == 0
smallest       L = 2
evidence       checked: an op was probed
""",
    ),
    "neighbours of a size": (
        target(valid_sizes=EVEN),
        ["--near", "L=5"],
        0,
        """\
models/ae.py:AE(x: N, 1, L)
runs at        L % 2 == 0
smallest       L = 2
near L = 5     runs at 4 and 6
evidence       proven
""",
    ),
    "neighbours of a size that runs": (
        target(valid_sizes=EVEN),
        ["--near", "L=4"],
        0,
        """\
models/ae.py:AE(x: N, 1, L)
runs at        L % 2 == 0
smallest       L = 2
near L = 4     runs
evidence       proven
""",
    ),
    "a size with nothing below": (
        target(valid_sizes=EVEN),
        ["--near", "L=1"],
        0,
        """\
models/ae.py:AE(x: N, 1, L)
runs at        L % 2 == 0
smallest       L = 2
near L = 1     runs at 2
evidence       proven
""",
    ),
    "neighbours that come back": (
        target(valid_sizes=EVEN, roundtrip_sizes=FOURS),
        ["--near", "L=6"],
        0,
        """\
models/ae.py:AE(x: N, 1, L)
runs at        L % 2 == 0
smallest       L = 2
comes back at  L % 4 == 0
near L = 6     runs; comes back at 4 and 8
evidence       proven
""",
    ),
    "neighbours where there are none": (
        target(valid_sizes=EVEN, roundtrip_sizes=NONE),
        ["--near", "L=9"],
        0,
        """\
models/ae.py:AE(x: N, 1, L)
runs at        L % 2 == 0
smallest       L = 2
comes back at  no size
near L = 9     runs at 8 and 10; comes back at no L
evidence       proven
""",
    ),
    "no size runs": (
        target(valid_sizes=NONE),
        [],
        1,
        """\
models/ae.py:AE(x: N, 1, L)
runs at        no size
smallest       none
evidence       proven
""",
    ),
    "not checked": (
        target(evidence="not-checked", reason="import failed"),
        ["--near", "L=4"],
        1,
        """\
models/ae.py:AE(x: N, 1, L)
not checked: import failed
""",
    ),
}


@pytest.mark.parametrize(("report", "flags", "code", "text"), TEXTS.values(), ids=TEXTS)
def test_sizes(engine, shapelint, report, flags, code, text):
    engine.examination = Examination(report, None)
    assert shapelint("sizes", "model.py:AE", *flags) == (code, text, "")


WRONG = {
    "a symbol that is not there": ("H=5", "error: near H: the sizes are L\n"),
    "no size": ("L=4,L", "error: near 'L': write a name and a size, for example H=350\n"),
}


@pytest.mark.parametrize(("near", "message"), WRONG.values(), ids=WRONG)
def test_a_wrong_size_is_a_usage_error(engine, shapelint, near, message):
    engine.examination = Examination(target(valid_sizes=EVEN), None)
    assert shapelint("sizes", "model.py:AE", "--near", near) == (2, "", message)


@pytest.mark.parametrize(
    ("lengths", "words"),
    [
        pytest.param("H % 16 == 0 and W % 16 == 0", "runs at 336 and 352", id="independent"),
        pytest.param("W < 64 and H % 2 == 0 or H == W", "runs at 64", id="as asked for"),
    ],
)
def test_other_sizes_are_those_it_depends_on(engine, shapelint, lengths, words):
    sizes = domain_of([lengths], ("N", "H", "W"))
    engine.examination = Examination(target(valid_sizes=sizes), None)
    _, out, _ = shapelint("sizes", "model.py:AE", "--near", "H=350", "--near", "W=64")
    assert f"near H = 350   {words}" in out


@pytest.mark.parametrize(
    ("near", "words"),
    [
        pytest.param(
            "H=50,W=49", "near H = 50    runs at 49\nnear W = 49    runs at no W", id="both"
        ),
        pytest.param("H=60", "near H = 60    runs at H = 49, W = 49", id="one of them: a square"),
    ],
)
def test_sizes_that_depend_on_each_other(engine, shapelint, near, words):
    sizes = domain_of(["H*W == 2401"], ("H", "W"))
    engine.examination = Examination(target(valid_sizes=sizes), None)
    _, out, _ = shapelint("sizes", "model.py:AE", "--near", near)
    assert "smallest       H = 49, W = 49" in out
    assert words in out
