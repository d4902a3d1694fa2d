"""``junit``: one test case for each model, so that what passes shows as well.

A model fails if there is an error about it; warnings and notes are its output. What was not checked
is skipped, with the reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from shapelint.model import Diagnostic, Report, TargetReport
from shapelint.reporters import reporter
from shapelint.text.findings import details, one_liner
from shapelint.text.layout import visible
from shapelint.text.paint import plain
from shapelint.text.sources import Sources

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


@reporter("junit")
def junit(report: Report, sources: Sources) -> str:
    """The XML that Jenkins and GitLab read."""
    from xml.etree.ElementTree import Element, SubElement, indent, tostring

    suites = Element("testsuites")
    suite = SubElement(suites, "testsuite", name="shapelint")
    suite.extend(_case(name, report, sources) for name in _names(report))
    counts = Counter(child.tag for case in suite for child in case)
    totals = {"tests": len(suite), "failures": counts["failure"], "errors": 0}
    for key, number in {**totals, "skipped": counts["skipped"]}.items():
        suite.set(key, str(number))
    indent(suites)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{tostring(suites, "unicode")}\n'


def _names(report: Report) -> Iterator[str]:
    """The targets, then what else there are findings about."""
    targets = [t.target for t in report.targets]
    yield from dict.fromkeys([*targets, *(d.target for d in report.diagnostics)])


def _case(name: str, report: Report, sources: Sources) -> Element:
    from xml.etree.ElementTree import Element, SubElement

    path, _, target = name.rpartition(":")
    where = sources.shown(path).removesuffix(".py").replace("/", ".") if path else "shapelint"
    shown = target if path else sources.shown(name)
    case = Element("testcase", classname=visible(where), name=visible(shown))
    found = [d for d in report.diagnostics if d.target == name]
    errors = [d for d in found if d.severity == "error"]
    for error in errors:
        failure = SubElement(case, "failure", type=error.name, message=visible(error.message))
        failure.text = _text(error, sources)
    for reason in _unchecked(name, report.targets) if not errors else ():
        SubElement(case, "skipped", message=visible(reason))
    others = [_text(d, sources) for d in found if d.severity != "error"]
    if others:
        SubElement(case, "system-out").text = "\n".join(others)
    return case


def _unchecked(name: str, targets: tuple[TargetReport, ...]) -> list[str]:
    return [t.reason for t in targets if t.target == name and t.evidence == "not-checked"]


def _text(found: Diagnostic, sources: Sources) -> str:
    return "\n".join([plain(one_liner(found, sources)), *details(found)])
