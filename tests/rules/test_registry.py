"""Every rule is one documented module; rules are found, explained and selected by code and name."""

import ast
import importlib
import json
import pkgutil

import pytest

import shapelint.rules
from shapelint.catalog import FIX_SAFETY, HEADINGS, Entry, entries, find_entry
from shapelint.config import merge
from shapelint.errors import UsageError
from shapelint.findings.selection import check_selectors, selected_rules, severity_of
from shapelint.model import Diagnostic
from shapelint.registry import Registry
from shapelint.rules import Rule, all_rules, find_rule, rule
from shapelint.trace import Span

COVERAGE = {r.code for r in all_rules() if r.code.startswith("SHP9")}
"""Rules about what could not be looked at: no code is at fault, so there is none to show."""

MODULES = [m.name for m in pkgutil.iter_modules(shapelint.rules.__path__)]


# -- the rules there are --------------------------------------------------------------------


@pytest.mark.parametrize("name", MODULES)
def test_a_module_holds_the_rule_of_its_name(name):
    found = importlib.import_module(f"shapelint.rules.{name}").check
    assert isinstance(found, Rule)
    assert found.name == name.replace("_", "-")
    assert find_rule(found.name) is find_rule(found.code) is found


def test_no_two_rules_share_a_module():
    assert len(all_rules()) == len(MODULES)


def test_what_is_read_in_the_source_is_what_is_registered():
    assert entries() == tuple(r.entry for r in all_rules())


def headings(found: Entry) -> list[str]:
    lines = found.documentation.splitlines()
    return [line.removeprefix("## ") for line in lines if line.startswith("## ")]


@pytest.mark.parametrize("found", entries(), ids=lambda r: r.name)
def test_documentation_has_the_headings_in_their_order(found):
    told = headings(found)
    assert told == [h for h in HEADINGS if h in told]
    assert set(HEADINGS[:2] if found.code in COVERAGE else HEADINGS[:3]) <= set(told)


@pytest.mark.parametrize("found", entries(), ids=lambda r: r.name)
def test_the_summary_is_one_short_sentence(found):
    assert 10 < len(found.summary) <= 95
    assert found.documentation.splitlines()[1:2] == [""]


@pytest.mark.parametrize("found", entries(), ids=lambda r: r.name)
def test_examples_are_python(found):
    blocks = found.documentation.split("```python\n")[1:]
    for block in blocks:
        ast.parse(block.partition("```")[0])
    assert blocks or found.code in COVERAGE


# -- the decorator --------------------------------------------------------------------------


@pytest.fixture
def own(monkeypatch):
    """A registry for the rules of one test."""
    registry = Registry("shapelint.rules")
    registry._walked = True
    monkeypatch.setattr("shapelint.rules.RULES", registry)
    monkeypatch.setattr("shapelint.catalog.entries", lambda: tuple(r.entry for r in all_rules()))
    return registry


def documented(code, name, **options):
    @rule(code, name, **{"severity": "warning", **options})
    def check(subject):
        """Lengths differ.

        ## What it does
        Compares lengths.
        """
        yield check.diagnostic("differs", target=subject, span=SPAN)
        yield check.diagnostic("never fits", target=subject, span=SPAN, severity="error")

    return check


SPAN = Span("a.py", 1, 1, 1, 2)


def test_a_rule_yields_diagnostics_that_carry_its_name(own):
    check = documented("SHP201", "skip-length-mismatch")
    name = ("SHP201", "skip-length-mismatch")
    assert list(check("a.py:Net")) == [
        Diagnostic(*name, "warning", "differs", "a.py:Net", SPAN),
        Diagnostic(*name, "error", "never fits", "a.py:Net", SPAN),
    ]
    assert check.entry.summary == "Lengths differ"


MALFORMED = {
    "a code of another tool": ("E501", "line-too-long", "rule code must be SHP and three digits"),
    "a code with a letter": ("SHP20x", "skip", "rule code must be SHP and three digits"),
    "a name in snake case": ("SHP201", "skip_length", "rule name must be in kebab case"),
    "a name in upper case": ("SHP201", "Skip", "rule name must be in kebab case"),
}


@pytest.mark.parametrize(("code", "name", "message"), MALFORMED.values(), ids=MALFORMED)
def test_malformed_codes_and_names_are_refused(own, code, name, message):
    with pytest.raises(ValueError, match=message):
        documented(code, name)


@pytest.mark.parametrize(("code", "name"), [("SHP201", "other"), ("SHP202", "skip")])
def test_a_code_or_name_is_taken_once(own, code, name):
    documented("SHP201", "skip")
    with pytest.raises(ValueError, match=r"is registered twice in shapelint\.rules"):
        documented(code, name)


def test_a_walk_that_is_interrupted_is_begun_again(monkeypatch):
    imported = []

    def interrupted(name):
        imported.append(name)
        if len(imported) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(importlib, "import_module", interrupted)
    own = Registry("shapelint.rules")
    with pytest.raises(KeyboardInterrupt):
        list(own)
    assert list(own) == list(own) == []
    assert imported[2:] == [f"shapelint.rules.{name}" for name in sorted(MODULES)]


# -- looking up and explaining --------------------------------------------------------------


@pytest.mark.parametrize("word", ["SHP201", "shp201", "skip-length-mismatch"])
def test_a_rule_is_found_by_code_and_name(own, word):
    assert documented("SHP201", "skip-length-mismatch") is find_rule(word)


def test_an_unknown_name_is_told_the_closest(own):
    documented("SHP201", "skip-length-mismatch")
    with pytest.raises(UsageError) as raised:
        find_rule("skip-lenght-mismatch")
    assert str(raised.value) == (
        "no rule is called 'skip-lenght-mismatch'; did you mean 'skip-length-mismatch'?"
    )


PAGE = f"""\
# skip-length-mismatch (SHP201)

Default severity: warning, off unless selected

Lengths differ.

## What it does
Compares lengths.

## Kinds of fixes
{FIX_SAFETY}"""


@pytest.mark.parametrize("arguments", [["skip-length-mismatch"], ["SHP201"], ["--all"]])
def test_the_documentation_is_printed(own, shapelint, arguments):
    documented("SHP201", "skip-length-mismatch", enabled=False)
    assert shapelint("rule", *arguments) == (0, PAGE, "")


def test_without_arguments_rules_are_listed_by_code(own, shapelint):
    documented("SHP301", "invalid-output-padding", severity="error")
    documented("SHP201", "skip", enabled=False)
    assert shapelint("rule") == (
        0,
        "SHP201  skip                    off      Lengths differ\n"
        "SHP301  invalid-output-padding  error    Lengths differ\n",
        "",
    )


def test_rules_as_json(own, shapelint):
    check = documented("SHP201", "skip")
    code, out, _ = shapelint("rule", "skip", "--output-format", "json")
    assert code == 0
    assert json.loads(out) == [
        {
            "code": "SHP201",
            "name": "skip",
            "severity": "warning",
            "enabled": True,
            "preview": False,
            "summary": "Lengths differ",
            "documentation": check.entry.documentation,
            "fix_safety": FIX_SAFETY,
        }
    ]


def test_an_unknown_rule_is_a_usage_error(own, shapelint):
    documented("SHP201", "skip")
    told = shapelint("rule", "skp")
    assert told == (2, "", "error: no rule is called 'skp'; did you mean 'skip'?\n")


# -- selection ------------------------------------------------------------------------------


@pytest.fixture
def four(own):
    documented("SHP101", "roundtrip-length", severity="error")
    documented("SHP103", "asymmetric-pair")
    documented("SHP201", "skip-length-mismatch")
    documented("SHP303", "checkerboard-kernel", enabled=False)
    return own


SELECTED = {
    "by default all that are on": ({}, "101 103 201"),
    "a code alone": ({"select": ("SHP201",)}, "201"),
    "a name alone": ({"select": ("skip-length-mismatch",)}, "201"),
    "a prefix": ({"select": ("SHP1",)}, "101 103"),
    "in lower case": ({"select": ("shp1",)}, "101 103"),
    "everything, also what is off": ({"select": ("ALL",)}, "101 103 201 303"),
    "what is off by its name": ({"select": ("checkerboard-kernel",)}, "303"),
    "all but one": ({"ignore": ("SHP103",)}, "101 201"),
    "all but a block": ({"ignore": ("SHP1",)}, "201"),
    "nothing": ({"ignore": ("ALL",)}, ""),
    "a block but one": ({"select": ("SHP1",), "ignore": ("SHP103",)}, "101"),
    "one although its block is ignored": ({"select": ("SHP103",), "ignore": ("SHP1",)}, "103"),
    "a name is as specific as a code": (
        {"select": ("asymmetric-pair",), "ignore": ("SHP103",)},
        "",
    ),
    "all but everything": ({"select": ("ALL",), "ignore": ("ALL",)}, ""),
}


PREVIEW = {
    "by default": ({}, "101"),
    "everything": ({"select": ("ALL",)}, "101"),
    "its block": ({"select": ("SHP5",)}, ""),
    "its severity alone": ({"error": ("SHP502",)}, "101"),
    "by its name": ({"select": ("stale-shape-comment",)}, "502"),
    "by its code": ({"select": ("shp502",)}, "502"),
    "in the table of rules": ({"rules": {"stale-shape-comment": "error"}}, "101 502"),
    "with --preview": ({"preview": True}, "101 502"),
    "named, and ignored": ({"select": ("SHP502",), "ignore": ("SHP502",)}, ""),
}


@pytest.mark.parametrize(("fields", "codes"), PREVIEW.values(), ids=PREVIEW)
def test_what_may_still_change_runs_where_it_is_asked_for(own, fields, codes):
    documented("SHP101", "roundtrip-length", severity="error")
    documented("SHP502", "stale-shape-comment", preview=True)
    assert [r.code for r in selected_rules(merge(fields))] == [f"SHP{c}" for c in codes.split()]


@pytest.mark.parametrize(("fields", "codes"), SELECTED.values(), ids=SELECTED)
def test_selection(four, fields, codes):
    chosen = selected_rules(merge(fields))
    assert [r.code for r in chosen] == [f"SHP{code}" for code in codes.split()]


SEVERITIES = {
    "the diagnostic's own": ({}, "info", "info"),
    "what the user says": ({"error": ("SHP2",)}, "info", "error"),
    "a warning instead of an error": ({"warn": ("ALL",)}, "error", "warning"),
    "the more specific of two": ({"error": ("ALL",), "warn": ("SHP201",)}, "info", "warning"),
    "at a tie the error": ({"error": ("SHP2",), "warn": ("SHP2",)}, "info", "error"),
    "about other rules": ({"error": ("SHP1",)}, "info", "info"),
}


@pytest.mark.parametrize(("fields", "given", "expected"), SEVERITIES.values(), ids=SEVERITIES)
def test_severity(four, fields, given, expected):
    assert severity_of(find_entry("SHP201"), merge(fields), given) == expected


def test_every_kind_of_selector_is_accepted(four):
    check_selectors(
        merge({"select": ("SHP1", "shp201", "ALL", "asymmetric-pair"), "warn": ("SHP",)})
    )


UNKNOWN = {
    "a name with a typo": (
        {"select": ("asymetric-pair",)},
        "select: no rule matches 'asymetric-pair'; did you mean 'asymmetric-pair'?",
    ),
    "a block that is empty": ({"ignore": ("SHP7",)}, "ignore: no rule matches 'SHP7'"),
    "a code of another tool": ({"error": ("E5",)}, "error: no rule matches 'E5'"),
    "the prefix of a name": ({"warn": ("asym",)}, "warn: no rule matches 'asym'"),
}


@pytest.mark.parametrize(("fields", "message"), UNKNOWN.values(), ids=UNKNOWN)
def test_a_selector_that_matches_nothing_is_a_usage_error(four, fields, message):
    with pytest.raises(UsageError) as raised:
        check_selectors(merge(fields))
    assert str(raised.value).startswith(message)
