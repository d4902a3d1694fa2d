"""``shapelint rule``: the documentation of the rules, which is their docstrings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from shapelint.catalog import Entry


@click.command("rule")
@click.argument("words", nargs=-1, metavar="[NAME|CODE]...")
@click.option("--all", "everything", is_flag=True, help="Document every rule.")
@click.option(
    "--output-format", "form", type=click.Choice(["text", "json"]), default="text", help="Format."
)
def command(words: Sequence[str], everything: bool, form: str) -> int:
    """Explain rules; without arguments, list them."""
    from shapelint import catalog

    listed = everything or not words
    rules = catalog.entries() if listed else tuple(map(catalog.find_entry, words))
    if form == "json":
        click.echo(_json([_record(r, catalog.FIX_SAFETY) for r in rules]))
    elif everything or words:
        click.echo("\n\n".join(_page(r, catalog.FIX_SAFETY) for r in rules))
    else:
        click.echo("\n".join(_table(rules)))
    return 0


def _json(records: list[dict[str, Any]]) -> str:
    import json

    return json.dumps(records, indent=2, ensure_ascii=False)


def _record(rule: Entry, fix_safety: str) -> dict[str, Any]:
    return {**rule._asdict(), "summary": rule.summary, "fix_safety": fix_safety}


def _page(rule: Entry, fix_safety: str) -> str:
    off = "" if rule.enabled else ", off unless selected"
    off = ", with --preview or where it is named" if rule.preview else off
    head = f"# {rule.name} ({rule.code})\n\nDefault severity: {rule.severity}{off}"
    return f"{head}\n\n{rule.documentation}\n\n## Kinds of fixes\n{fix_safety.rstrip()}"


def _table(rules: Iterable[Entry]) -> list[str]:
    columns = max((len(r.name) for r in rules), default=0)
    return [f"{r.code}  {r.name:<{columns}}  {_default(r):<7}  {r.summary}" for r in rules]


def _default(rule: Entry) -> str:
    if rule.preview:
        return "preview"
    return rule.severity if rule.enabled else "off"
