"""Write what the documentation says about rules and formats, from the program itself.

``make docs``, or ``python docs/generate.py``; a test compares.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

from shapelint.catalog import FIX_SAFETY, Entry, entries
from shapelint.config import Settings
from shapelint.engine import check
from shapelint.model import Report
from shapelint.reporters import render
from shapelint.text.sources import Sources

ROOT = Path(__file__).resolve().parents[1]
MODEL = "fixtures/bad/autoencoder.py"
"""What the samples are about."""


def severity(rule: Entry) -> str:
    """As it is without any settings."""
    if rule.preview:
        return "preview"
    return rule.severity if rule.enabled else "off"


def rule_table(folder: str) -> str:
    """All rules, with links into the folder that holds their pages."""
    rows = [
        f"| {r.code} | [{r.name}]({folder}{r.name}.md) | {severity(r)} | {r.summary} |"
        for r in entries()
    ]
    return "\n".join(["| code | rule | severity | |", "|---|---|---|---|", *rows])


def rule_page(rule: Entry) -> str:
    """The documentation that ``shapelint rule`` prints."""
    off = "" if rule.enabled else ", off unless selected"
    off = ", with `--preview` or where it is named" if rule.preview else off
    default = f"{rule.severity}{off}"
    head = f"# {rule.name} ({rule.code})\n\nDefault severity: {default}"
    return f"{head}\n\n{rule.documentation}\n"


def rule_index() -> str:
    """The page above those of the rules."""
    head = "# Rules\n\n`shapelint rule NAME` prints these pages; `make docs` writes them."
    return f"{head}\n\n{rule_table('')}\n\n## Fix safety\n\n{FIX_SAFETY}"


def sample() -> tuple[Report, Sources]:
    """What a run over the demo's model finds, and its source."""
    report = check(Settings((MODEL,), python=sys.executable))
    return report, Sources(root=ROOT)


def _whole(text: str) -> str:
    return text


def _one_result(text: str) -> str:
    """A log holds the documentation of the rules as well."""
    result = json.loads(text)["runs"][0]["results"][0]
    return json.dumps(result, indent=2, ensure_ascii=False)


FORMATS: dict[str, tuple[str, str, Callable[[str], str]]] = {
    "full": ("", "For people: the default.", _whole),
    "concise": ("", "One line a finding, for editors and grep.", _whole),
    "statistics": ("", "How many findings of each rule; short for it: `--statistics`.", _whole),
    "html": ("html", "As `full`, with colours: what a notebook shows.", _whole),
    "markdown": ("markdown", "Tables, for summaries and comments.", _whole),
    "github": (
        "",
        "Annotations on the lines of a pull request. GitHub shows ten of a kind for each step: "
        "the worst come first, and what is left is plain lines. Where `GITHUB_STEP_SUMMARY` is "
        "set, the tables of `markdown` go to the summary page of the job.",
        _whole,
    ),
    "gitlab": ("json", "A Code Quality report: `artifacts: reports: codequality:`.", _whole),
    "junit": (
        "xml",
        "One test case for each model, so what passes shows as well. Errors fail it; warnings are "
        "its output; what was not checked is skipped, with the reason.",
        _whole,
    ),
    "sarif": (
        "json",
        "SARIF 2.1.0, for code scanning. Paths are relative to `%SRCROOT%`; the fingerprint is "
        "made of target, rule and modules, not of lines; the code flow is the length at each "
        "step; fixes that change weights or `forward` are left out. Shown is "
        "`.runs[0].results[0]`.",
        _one_result,
    ),
    "rdjson": ("json", "The Reviewdog Diagnostic Format, with suggestions.", _whole),
    "json": ("json", "Everything, versioned: [json.md](json.md) describes the keys.", _whole),
}
"""For each format the language of its sample, what it is for, and what of it is shown."""


def formats_page(report: Report, sources: Sources) -> str:
    """A sample of every format."""
    parts = [
        "# Output formats",
        "`--output-format NAME` chooses what is printed. A run is costly, so one run can write "
        "several reports: `-o NAME:FILE`, repeatable, `-` for standard output.",
        f"The samples are what `shapelint {MODEL}` gives; `make docs` writes this page.",
    ]
    for name, (language, words, shown) in FORMATS.items():
        text = shown(render(name, report, sources)).rstrip("\n")
        parts.append(f"## `{name}`\n\n{words}\n\n```{language}\n{text}\n```")
    return "\n\n".join(parts) + "\n"


def readme(text: str) -> str:
    """The README with the table of the rules that exist."""
    return re.sub(
        r"(?<=<!-- rules -->\n).*?(?=<!-- end -->)",
        lambda _: f"{rule_table('docs/rules/')}\n",
        text,
        flags=re.DOTALL,
    )


def pages() -> dict[Path, str]:
    """All that is generated, by the file it belongs to."""
    rules = {ROOT / "docs" / "rules" / f"{rule.name}.md": rule_page(rule) for rule in entries()}
    return {
        **rules,
        ROOT / "docs" / "rules" / "README.md": rule_index(),
        ROOT / "docs" / "formats.md": formats_page(*sample()),
        ROOT / "README.md": readme((ROOT / "README.md").read_text("utf-8")),
    }


def main() -> None:
    """Write them, and remove the pages of rules that are gone."""
    found = pages()
    folder = ROOT / "docs" / "rules"
    folder.mkdir(exist_ok=True)
    for page in set(folder.glob("*.md")) - set(found):
        page.unlink()
    for page, text in found.items():
        page.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
