"""``shapelint rule``: the documentation of the rules, which is their docstrings."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import click

from shapelint.rules import FIX_SAFETY, Rule, all_rules, find_rule

__all__ = ["command"]


@click.command("rule")
@click.argument("words", nargs=-1, metavar="[NAME|CODE]...")
@click.option("--all", "everything", is_flag=True, help="Document every rule.")
@click.option(
    "--output-format", "form", type=click.Choice(["text", "json"]), default="text", help="Format."
)
def command(words: Sequence[str], everything: bool, form: str) -> int:
    """Explain rules; without arguments, list them."""
    rules = all_rules() if everything or not words else tuple(map(find_rule, words))
    if form == "json":
        click.echo(json.dumps([_record(r) for r in rules], indent=2, ensure_ascii=False))
    elif everything or words:
        click.echo("\n\n".join(map(_page, rules)))
    else:
        click.echo("\n".join(_table(rules)))
    return 0


def _record(rule: Rule) -> dict[str, Any]:
    return {
        "code": rule.code,
        "name": rule.name,
        "severity": rule.severity,
        "enabled": rule.enabled,
        "summary": rule.summary,
        "documentation": rule.documentation,
        "fix_safety": FIX_SAFETY,
    }


def _page(rule: Rule) -> str:
    default = rule.severity if rule.enabled else f"{rule.severity}, off unless selected"
    head = f"# {rule.name} ({rule.code})\n\nDefault severity: {default}"
    return f"{head}\n\n{rule.documentation}\n\n## Kinds of fixes\n{FIX_SAFETY.rstrip()}"


def _table(rules: Iterable[Rule]) -> list[str]:
    columns = max((len(r.name) for r in rules), default=0)
    return [
        f"{r.code}  {r.name:<{columns}}  {r.severity if r.enabled else 'off':<7}  {r.summary}"
        for r in rules
    ]
