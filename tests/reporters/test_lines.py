"""``concise`` and ``statistics``: one line a finding, one line a rule."""

import pytest

from shapelint.model import Report
from shapelint.reporters import render
from shapelint.text.sources import Sources
from tests.reports import AE, BROKEN, CLEAN, ROUNDTRIP, SKIPPED, finding, target

SEVERAL = Report(
    (target(), target("B")),
    (ROUNDTRIP, finding("warning"), finding("warning", message="two\nlines")),
    files=2,
)

CONCISE = {
    "a clean report is the summary alone": (CLEAN, "Checked 1 model in 1 file: no findings\n"),
    "what was not checked is not silent": (
        SKIPPED,
        "not checked: models/ae.py:Big: took longer than 60 s\n"
        "Checked 1 of 2 models in 1 file: no findings, 1 not checked\n",
    ),
    "a finding is one line": (
        BROKEN,
        "models/ae.py:10:20: error[roundtrip-length] "
        "output is 1 shorter than the input for every even L (SHP101)\n"
        "Checked 1 model in 1 file: 1 error\n",
    ),
    "a message of two lines stays one line": (
        Report((target(),), (finding("info", message="two\nlines"),), 1),
        "models/ae.py:9:20: info[skip-length-mismatch] two lines (SHP201)\n"
        "Checked 1 model in 1 file: 1 info\n",
    ),
}

STATISTICS = {
    "a clean report is the summary alone": (CLEAN, "Checked 1 model in 1 file: no findings\n"),
    "the most frequent rule comes first": (
        SEVERAL,
        "2  SHP201  skip-length-mismatch  warning\n"
        "1  SHP101  roundtrip-length      error\n"
        "Checked 2 models in 2 files: 1 error, 2 warnings\n",
    ),
}


@pytest.mark.parametrize(("report", "expected"), CONCISE.values(), ids=CONCISE)
def test_concise(report, expected):
    assert render("concise", report, Sources({"models/ae.py": AE})) == expected


@pytest.mark.parametrize(("report", "expected"), STATISTICS.values(), ids=STATISTICS)
def test_statistics(report, expected):
    assert render("statistics", report, Sources()) == expected


def test_the_kind_is_painted_by_severity():
    painted = render("concise", SEVERAL, Sources(), color=True)
    assert "\x1b[1;31merror[roundtrip-length]\x1b[0m" in painted
    assert "\x1b[1;33mwarning[skip-length-mismatch]\x1b[0m" in painted
