"""The JSON interface, key by key: programs depend on every one."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from shapelint.findings.fingerprints import fingerprints
from shapelint.model import Diagnostic, Report, SizesInWords
from shapelint.reporters import json as json_reporter
from shapelint.reporters import render
from shapelint.text.sources import Sources
from tests.reports import AE, BROKEN, ROUNDTRIP, SKIPPED, finding, span_of, target


def parsed(report: Report, **texts: str) -> dict:
    sources = Sources({"models/ae.py": AE, **{f"{k}.py": v for k, v in texts.items()}})
    return json.loads(render("json", report, sources))


def of(diagnostic: Diagnostic, **texts: str) -> dict:
    return parsed(Report((target(),), (diagnostic,), 1), **texts)["diagnostics"][0]


def test_an_empty_report_has_every_key():
    assert parsed(Report((), (), files=0)) == {
        "version": 1,
        "targets": [],
        "diagnostics": [],
        "skipped": [],
        "suppressed": [],
        "summary": {
            "files": 0,
            "targets": 0,
            "proven": 0,
            "checked": 0,
            "not_checked": 0,
            "errors": 0,
            "warnings": 0,
            "infos": 0,
            "suppressed": 0,
        },
    }


def test_what_was_not_checked_has_its_reason_and_no_sizes():
    report = parsed(SKIPPED)
    assert report["targets"][1] == {
        "target": "models/ae.py:Big",
        "path": "models/ae.py",
        "class": "Big",
        "inputs": [{"name": "x", "dims": ["N", 1, "L"], "dtype": "float32"}],
        "evidence": "not-checked",
        "reason": "took longer than 60 s",
        "valid_sizes": None,
        "roundtrip_sizes": None,
        "unknown_sizes": None,
        "outputs": [],
        "assumed": [],
        "contracts": [],
    }
    assert report["skipped"] == [{"path": "models/ae.py", "line": 14, "what": "a call of main()"}]
    assert report["summary"]["not_checked"] == 1


def test_sizes_of_a_target():
    found = target(
        valid_sizes=SizesInWords("L >= 1", {"L": 1}),
        roundtrip_sizes=SizesInWords("L % 2 == 1", {"L": 1}),
        outputs=("(N, 1, 2*ceil(L/2) - 1)",),
        assumed=("channels = 8",),
    )
    told = parsed(Report((found,), (), 1))["targets"][0]
    assert told["valid_sizes"] == {"text": "L >= 1", "smallest": {"L": 1}}
    assert told["roundtrip_sizes"] == {"text": "L % 2 == 1"}
    assert told["outputs"] == ["(N, 1, 2*ceil(L/2) - 1)"]
    assert told["assumed"] == ["channels = 8"]


def test_an_empty_set_of_sizes_is_not_an_unknown_one():
    nothing = SizesInWords("no size", None)
    report = Report((target(valid_sizes=nothing, roundtrip_sizes=nothing),), (), 1)
    told = parsed(report)["targets"][0]
    assert told["valid_sizes"] == {"text": "no size", "smallest": None}
    assert told["roundtrip_sizes"] == {"text": "no size"}


def test_a_diagnostic_in_full():
    assert parsed(BROKEN)["diagnostics"] == [
        {
            "code": "SHP101",
            "name": "roundtrip-length",
            "severity": "error",
            "message": "output is 1 shorter than the input for every even L",
            "target": "models/ae.py:AE",
            "path": "models/ae.py",
            "line": 10,
            "column": 20,
            "end_line": 10,
            "end_column": 80,
            "label": "n -> 2n - 1",
            "related": [
                {
                    "path": "models/ae.py",
                    "line": 9,
                    "column": 20,
                    "end_line": 9,
                    "end_column": 71,
                    "message": "L -> ceil(L/2)",
                }
            ],
            "witness": {"L": 2},
            "passing": {"L": 1},
            "evidence": "proven",
            "notes": [
                "lengths: 16 -> 8 -> 15 (fails)    15 -> 8 -> 15 (fits)    proven for all L >= 1"
            ],
            "error": "",
            "fixes": [
                {
                    "title": "output_padding=1",
                    "note": "fits every even L; odd L would gain 1",
                    "applicability": "unsafe",
                    "sizes_before": {"text": ""},
                    "sizes_after": {"text": "L % 2 == 0"},
                    "sizes_broken": {"text": ""},
                    "checkpoints_load": True,
                    "traced": "model",
                    "edits": [
                        {
                            "path": "models/ae.py",
                            "line": 10,
                            "column": 79,
                            "end_line": 10,
                            "end_column": 79,
                            "text": ", output_padding=1",
                        }
                    ],
                },
                {
                    "title": "output_size=x.shape[-1:]",
                    "note": "in forward: fits every L",
                    "applicability": "display",
                    "sizes_before": {"text": ""},
                    "sizes_after": {"text": "L >= 1"},
                    "sizes_broken": {"text": ""},
                    "checkpoints_load": True,
                    "traced": "model",
                    "edits": [],
                },
            ],
            "modules": ["dec", "enc"],
            "flow": [
                {
                    "path": "models/ae.py",
                    "line": 9,
                    "column": 20,
                    "end_line": 9,
                    "end_column": 71,
                    "message": "enc (Conv1d), L: 2 -> 1",
                },
                {
                    "path": "models/ae.py",
                    "line": 10,
                    "column": 20,
                    "end_line": 10,
                    "end_column": 80,
                    "message": "dec (ConvTranspose1d), L: 1 -> 1",
                },
            ],
            "fingerprint": fingerprints([ROUNDTRIP], Sources())[0],
        }
    ]


def test_columns_are_characters_although_python_counts_bytes():
    source = "s = '卷积'; f(x)\n"
    told = of(finding(span=span_of("a.py", source, "f(x)")), a=source)
    assert (told["column"], told["end_column"]) == (11, 15)


def test_paths_are_relative_to_the_working_directory_if_they_are_below_it(tmp_path):
    inside, outside = tmp_path / "here" / "a.py", tmp_path / "there.py"
    sources = Sources(root=tmp_path / "here")
    found = [finding(span=span_of(str(p), "f()", "f()")) for p in (inside, outside)]
    told = json.loads(render("json", Report((), tuple(found), 2), sources))["diagnostics"]
    assert [d["path"] for d in told] == ["a.py", outside.as_posix()]


def test_text_is_not_touched_by_the_removal_of_paint():
    error = "RuntimeError: \x1b[31mred\x1b[0m"
    assert of(finding(error=error))["error"] == error


def keys(value: object) -> Iterator[str]:
    """Every key in a report, but not the names of sizes."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from () if key in ("witness", "passing", "smallest") else keys(inner)
    elif isinstance(value, list):
        for item in value:
            yield from keys(item)


PAGE = Path(__file__).parents[2] / "docs" / "json.md"


@pytest.mark.parametrize("documented", [PAGE.read_text(), json_reporter.__doc__ or ""])
def test_every_key_is_documented(documented):
    sizes = SizesInWords("L >= 1", {"L": 1})
    found = (target(valid_sizes=sizes, roundtrip_sizes=sizes), *SKIPPED.targets)
    report = parsed(Report(found, BROKEN.diagnostics, 1, SKIPPED.skipped))
    words = set(re.findall(r"`(\w+)(?:\[\])?`", documented))
    assert sorted(set(keys(report)) - words) == []
