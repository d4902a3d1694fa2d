"""Formats that other programs read, against their schemas and readers other than ours."""

import dataclasses
import json
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

import jsonschema
import pytest
import xmlschema
from sarif_pydantic import Sarif

from shapelint.model import Diagnostic, Edit, Fix, Label, Report, Suppressed
from shapelint.reporters import render
from shapelint.text.sources import Sources
from shapelint.trace import Span
from tests.reports import AE, BROKEN, CLEAN, DEC, ENC, ROUNDTRIP, SKIPPED, finding, target

SCHEMAS = Path(__file__).parents[1] / "schemas"
SARIF = jsonschema.Draft202012Validator(json.loads((SCHEMAS / "sarif-2.1.0.json").read_text()))
JUNIT = xmlschema.XMLSchema(SCHEMAS / "junit-10.xsd")

WHOLE_LINE = finding("info", span=Span("models/ae.py", 4, 1, 4, 1))
SEVERAL_LINES = finding("warning", span=Span("models/ae.py", 7, 9, 10, 80), message="a, b: 50%")
ELSEWHERE = finding(span=Span("/other place/é.py", 3, 1, 3, 9), target="/other place/é.py:N")
STRANGE = finding(
    message='\x1b[31mred\x1b[0m \x00 <b> & "é" |', error="two\nlines", witness={"L": 1}
)

REPORTS = {
    "no model at all": Report((), (), files=0),
    "nothing was found": CLEAN,
    "something was not checked": SKIPPED,
    "an error with fixes": BROKEN,
    "every shape of a place": Report((target(),), (WHOLE_LINE, SEVERAL_LINES, ELSEWHERE), 2),
    "text that is markup elsewhere": Report((target(),), (STRANGE,), 1),
}


def written(name: str, report: Report) -> str:
    return render(name, report, Sources({"models/ae.py": AE, "/other place/é.py": "x\n" * 9}))


def results(*found: Diagnostic) -> list[dict]:
    return json.loads(written("sarif", Report((target(),), found, 1)))["runs"][0]["results"]


# -- SARIF ----------------------------------------------------------------------------------


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
def test_sarif_is_valid(report):
    log = json.loads(written("sarif", report))
    assert [error.message for error in SARIF.iter_errors(log)] == []


def test_what_is_no_sarif_is_noticed():
    log = json.loads(written("sarif", BROKEN))
    log["runs"][0]["results"][0]["codeFlows"][0]["threadFlows"] = []
    log["runs"][0]["results"][0]["level"] = "info"
    assert len(list(SARIF.iter_errors(log))) == 2


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
def test_another_reader_finds_the_same_in_it(report):
    (run,) = Sarif.model_validate_json(written("sarif", report)).runs
    told = [(r.rule_id, r.level.value, r.locations[0].physical_location) for r in run.results or ()]
    levels = {"error": "error", "warning": "warning", "info": "note"}
    assert [(rule, level, place.region.start_line) for rule, level, place in told] == [
        (d.code, levels[d.severity], d.span.line) for d in report.diagnostics
    ]
    places = [PurePosixPath(unquote(place.artifact_location.uri)) for *_, place in told]
    assert [p.name for p in places] == [Path(d.span.path).name for d in report.diagnostics]
    rules = [rule.id for rule in run.tool.driver.rules or ()]
    assert rules == sorted({d.code for d in report.diagnostics})


def test_what_is_silenced_would_be_an_alert_and_is_left_out():
    silenced = (Suppressed(ROUNDTRIP, "comment", "odd L only"), Suppressed(ROUNDTRIP, "baseline"))
    report = dataclasses.replace(BROKEN, suppressed=silenced)
    assert written("sarif", report) == written("sarif", BROKEN)
    assert [s["by"] for s in json.loads(written("json", report))["suppressed"]] == [
        "comment",
        "baseline",
    ]


def test_paths_below_the_root_are_relative_to_it(tmp_path):
    inside, outside = (
        finding(span=Span(str(p), 1, 1, 1, 2)) for p in (tmp_path / "a b.py", "/c.py")
    )
    text = render("sarif", Report((), (inside, outside), 1), Sources(root=tmp_path))
    run = json.loads(text)["runs"][0]
    files = [r["locations"][0]["physicalLocation"]["artifactLocation"] for r in run["results"]]
    assert files == [{"uri": "a%20b.py", "uriBaseId": "%SRCROOT%"}, {"uri": "file:///c.py"}]
    assert run["originalUriBaseIds"] == {"%SRCROOT%": {"uri": f"{tmp_path.as_uri()}/"}}


def test_the_encoder_is_related_and_the_lengths_are_the_flow():
    (result,) = results(ROUNDTRIP)
    related, steps = result["relatedLocations"], result["codeFlows"][0]["threadFlows"][0]
    assert [(r["id"], r["message"]["text"]) for r in related] == [(1, "L -> ceil(L/2)")]
    places = [step["location"]["physicalLocation"]["region"] for step in steps["locations"]]
    assert [p["startLine"] for p in places] == [ENC.line, DEC.line]
    assert related[0]["physicalLocation"]["region"] == places[0]


def test_the_fingerprint_is_that_of_target_modules_and_rule():
    moved = dataclasses.replace(ROUNDTRIP, span=Span("models/ae.py", 1, 1, 1, 5), message="other")
    renamed = dataclasses.replace(ROUNDTRIP, modules=("dec2", "enc"))
    told = [results(d)[0] for d in (ROUNDTRIP, moved, renamed)]
    marks = [result["partialFingerprints"] for result in told]
    assert marks[0] == marks[1] != marks[2]


def test_fixes_for_display_are_not_offered_to_programs():
    (result,) = results(ROUNDTRIP)
    (fix,) = result["fixes"]
    ((change,),) = [fix["artifactChanges"]]
    assert fix["description"]["text"].startswith("output_padding=1: fits every even L")
    assert change["replacements"] == [
        {
            "deletedRegion": {"startLine": 10, "startColumn": 79, "endLine": 10, "endColumn": 79},
            "insertedContent": {"text": ", output_padding=1"},
        }
    ]


def test_what_was_not_checked_is_notified():
    run = json.loads(written("sarif", SKIPPED))["runs"][0]
    (said,) = run["invocations"][0]["toolExecutionNotifications"]
    assert said["message"]["text"] == "models/ae.py:Big: took longer than 60 s"


# -- JUnit ----------------------------------------------------------------------------------


def cases(report: Report) -> dict[str, list[str]]:
    """The names of the test cases, and what each holds."""
    tree = xmlschema.XMLResource(written("junit", report)).root
    return {case.get("name"): [child.tag for child in case] for case in tree.iter("testcase")}


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
def test_junit_is_valid(report):
    JUNIT.validate(written("junit", report))


def test_what_is_no_junit_is_noticed():
    with pytest.raises(xmlschema.XMLSchemaValidationError):
        JUNIT.validate(written("junit", BROKEN).replace(' name="AE"', ""))


CASES = {
    "a model that passes is a case": (CLEAN, {"AE": []}),
    "one that was not checked is skipped": (SKIPPED, {"AE": [], "Big": ["skipped"]}),
    "an error fails it": (BROKEN, {"AE": ["failure"]}),
    "a warning does not": (Report((target(),), (finding("warning"),), 1), {"AE": ["system-out"]}),
    "a finding about no model is a case": (Report((), (ROUNDTRIP,), 1), {"AE": ["failure"]}),
    "so is one about a file": (
        Report((), (finding("warning", target=str(Path.cwd() / "m.py")),), 1),
        {"m.py": ["system-out"]},
    ),
}


@pytest.mark.parametrize(("report", "expected"), CASES.values(), ids=CASES)
def test_junit_has_a_case_for_each_model(report, expected):
    assert cases(report) == expected


def test_junit_counts():
    suite = xmlschema.XMLResource(written("junit", SKIPPED)).root[0]
    assert {**suite.attrib} == {
        "name": "shapelint",
        "tests": "2",
        "failures": "0",
        "errors": "0",
        "skipped": "1",
    }


# -- GitLab and reviewdog -------------------------------------------------------------------

GITLAB = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string"},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "not": {"pattern": r"^\./"}},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}
"""What GitLab's page on Code Quality asks of a report."""


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
def test_gitlab(report):
    found = json.loads(written("gitlab", report))
    jsonschema.validate(found, GITLAB)
    severities = {"error": "major", "warning": "minor", "info": "info"}
    told = [(f["check_name"], f["severity"], f["location"]["lines"]["begin"]) for f in found]
    assert told == [(d.name, severities[d.severity], d.span.line) for d in report.diagnostics]
    assert len({f["fingerprint"] for f in found}) == len(found)


POSITION = {
    "type": "object",
    "required": ["line", "column"],
    "additionalProperties": False,
    "properties": {key: {"type": "integer", "minimum": 1} for key in ("line", "column")},
}
RANGE = {
    "type": "object",
    "required": ["start", "end"],
    "additionalProperties": False,
    "properties": {"start": POSITION, "end": POSITION},
}
LOCATION = {
    "type": "object",
    "required": ["path", "range"],
    "additionalProperties": False,
    "properties": {"path": {"type": "string"}, "range": RANGE},
}
TEXT = {"type": "string"}


def objects(**properties: object) -> dict:
    """A list of objects with exactly these keys."""
    keys = {"required": [*properties], "additionalProperties": False, "properties": properties}
    return {"type": "array", "items": {"type": "object", **keys}}


RDJSON = {
    "type": "object",
    "required": ["source", "diagnostics"],
    "additionalProperties": False,
    "properties": {
        "source": {"type": "object", "required": ["name"]},
        "diagnostics": objects(
            message=TEXT,
            location=LOCATION,
            severity={"enum": ["ERROR", "WARNING", "INFO"]},
            code={"type": "object", "required": ["value"]},
            suggestions=objects(range=RANGE, text=TEXT),
            related_locations=objects(message=TEXT, location=LOCATION),
        ),
    },
}
"""The messages of ``reviewdog.rdf`` that are used."""


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
def test_rdjson(report):
    found = json.loads(written("rdjson", report))
    jsonschema.validate(found, RDJSON)
    told = [(d["code"]["value"], d["severity"].lower()) for d in found["diagnostics"]]
    assert told == [(d.code, d.severity) for d in report.diagnostics]


def test_rdjson_counts_columns_in_bytes():
    source = "s = '卷积'; f(x)\n"
    start = len("s = '卷积'; ".encode()) + 1
    found = finding(span=Span("a.py", 1, start, 1, start + 4))
    text = render("rdjson", Report((), (found,), 1), Sources({"a.py": source}))
    place = json.loads(text)["diagnostics"][0]["location"]["range"]
    assert (place["start"]["column"], place["end"]["column"]) == (15, 19)


SUGGESTED = {
    "a fix without an edit": ((), 0),
    "one edit": ((Edit(DEC, "x"),), 1),
    "edits that belong together": ((Edit(DEC, "x"), Edit(ENC, "y")), 0),
    "an edit in another file": ((Edit(Span("b.py", 1, 1, 1, 1), "x"),), 0),
}


@pytest.mark.parametrize(("edits", "expected"), SUGGESTED.values(), ids=SUGGESTED)
def test_rdjson_suggests_what_can_be_applied_alone(edits, expected):
    found = finding(fixes=(Fix("t", "n", "unsafe", "every size", edits),))
    (told,) = json.loads(written("rdjson", Report((), (found,), 1)))["diagnostics"]
    assert len(told["suggestions"]) == expected


# -- GitHub ---------------------------------------------------------------------------------


def lines(*found: Diagnostic) -> list[str]:
    return written("github", Report((target(),), found, 1)).splitlines()[:-1]


ANNOTATIONS = {
    "a whole line has no columns": (
        WHOLE_LINE,
        "::notice file=models/ae.py,line=4,title=SHP201 skip-length-mismatch::lengths differ",
    ),
    "neither have several lines, and messages are escaped": (
        SEVERAL_LINES,
        "::warning file=models/ae.py,line=7,endLine=10,title=SHP201 skip-length-mismatch::"
        "a, b: 50%25",
    ),
    "properties are escaped more": (
        finding(span=Span("a,b:c.py", 3, 1, 3, 2)),
        "::error file=a%2Cb%3Ac.py,line=3,col=1,endColumn=1,title=SHP201 skip-length-mismatch::"
        "lengths differ",
    ),
    "notes and fixes are further lines": (
        finding(notes=("a note",), fixes=(Fix("pad=1", "fits", "safe", "every size"),)),
        "::error file=models/ae.py,line=9,col=20,endColumn=71,title=SHP201 skip-length-mismatch::"
        "lengths differ%0Aa note%0Ahelp: pad=1: fits",
    ),
}


@pytest.mark.parametrize(("found", "expected"), ANNOTATIONS.values(), ids=ANNOTATIONS)
def test_annotations(found, expected):
    assert lines(found) == [expected]


def test_the_worst_come_first_and_ten_of_a_kind_are_annotations():
    many = [finding("warning")] * 11 + [finding("info"), finding("error")]
    told = [line.partition(" ")[0] for line in lines(*many)]
    assert told == ["::error", *["::warning"] * 10, "models/ae.py:9:20:", "::notice"]


MARKDOWN = """\
### shapelint

Checked 1 of 2 models in 1 file: 1 error, 1 warning, 1 not checked

|  | rule | where | finding | fix |
| --- | --- | --- | --- | --- |
| error | roundtrip-length (SHP101) | `models/ae.py:10` | output is 1 shorter than the input for \
every even L | `output_padding=1` |
| warning | skip-length-mismatch (SHP201) | `models/ae.py:9` | a \\| \\<b> \\[x] |  |

| model | runs at | comes back at | evidence |
| --- | --- | --- | --- |
| `models/ae.py:AE` |  |  | proven |
| `models/ae.py:Big` |  |  | not checked: took longer than 60 s |
"""


def test_markdown():
    found = (finding("warning", message="a | <b> [x]"), ROUNDTRIP)
    assert written("markdown", Report(SKIPPED.targets, found, 1)) == MARKDOWN


def test_a_related_place_in_another_file_is_named_by_every_format():
    found = finding(related=(Label(Span("b.py", 5, 1, 5, 2), "built here"),))
    assert results(found)[0]["relatedLocations"][0]["physicalLocation"]["region"]["startLine"] == 5
    (told,) = json.loads(written("rdjson", Report((), (found,), 1)))["diagnostics"]
    assert told["related_locations"][0]["location"]["path"] == "b.py"
