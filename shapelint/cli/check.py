"""``shapelint check``: lint files, folders and single models."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from time import time
from typing import TYPE_CHECKING, Any

import click

from shapelint.cli import BUG, USAGE
from shapelint.cli._commands import command_names
from shapelint.cli._options import (
    Command,
    as_path,
    cache_dir_option,
    color_option,
    layers,
    model_options,
    output_format,
    outputs,
    per_file_ignores,
    words,
)
from shapelint.config import Settings
from shapelint.errors import UsageError, suggestion
from shapelint.registry import module_names

if TYPE_CHECKING:
    from shapelint.configfile.layers import Layers
    from shapelint.model import Report
    from shapelint.source.texts import Texts

_RANKS = {"info": 0, "warning": 1, "error": 2, "never": 3}


def _rules(flag: str, text: str) -> Callable[[Command], Command]:
    """An option that takes selectors of rules."""
    return click.option(flag, multiple=True, metavar="RULES", callback=words, help=text)


@click.command("check")
@click.argument("paths", nargs=-1)
@_rules("--select", "Run only these: codes, prefixes (SHP1), names, ALL.")
@_rules("--ignore", "Do not run these.")
@_rules("--error", "Findings of these are errors.")
@_rules("--warn", "Findings of these are warnings.")
@click.option(
    "--per-file-ignores",
    multiple=True,
    metavar="PATTERN:RULE",
    callback=per_file_ignores,
    help="A rule says nothing about files that match. Repeatable.",
)
@click.option("--preview", is_flag=True, help="Also run rules that may still change.")
@model_options
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="Files to lint at the same time; by default 1 if there are few, or one for each core.",
)
@click.option("--cache/--no-cache", default=True, help="Use and keep answers of earlier runs.")
@cache_dir_option
@click.option(
    "--output-format",
    default="full",
    metavar="FORMAT",
    callback=output_format,
    help=f"Format on standard output: {', '.join(module_names('shapelint.reporters'))}.",
)
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    metavar="FORMAT:DEST",
    callback=outputs,
    help="Also write a report in this format to a file, or to - . Repeatable.",
)
@click.option("--fix", is_flag=True, help="Write the fixes that are safe into the files.")
@click.option("--unsafe-fixes", is_flag=True, help="With --fix and --diff: others as well.")
@click.option("--diff", is_flag=True, help="Print what --fix would write, and write nothing.")
@click.option("--statistics", is_flag=True, help="Count the findings of each rule instead.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing if there is nothing to report.")
@click.option("-v", "--verbose", is_flag=True, help="Say more about each model, on stderr.")
@color_option
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "never"]),
    default="error",
    show_default=True,
    help="Least severity for exit code 1.",
)
@click.option("--fail-on-skipped", is_flag=True, help="Exit code 1 if a model was not checked.")
@click.option("--exit-zero", is_flag=True, help="Exit code 0 whatever is found.")
@click.option(
    "--force-exclude",
    is_flag=True,
    help="Pass over named files as if they were found in a folder: what is excluded, no models.",
)
@click.option(
    "--baseline",
    metavar="FILE",
    callback=as_path,
    help="Pass the findings that this file lists; complain about those that are gone.",
)
@click.option("--update-baseline", is_flag=True, help="Write what is found into the baseline.")
@click.option("--show-settings", is_flag=True, help="Print the settings, and lint nothing.")
@click.option("--show-files", is_flag=True, help="Print the files to lint, and lint nothing.")
@click.pass_context
def command(ctx: click.Context, /, show_settings: bool, show_files: bool, **_: Any) -> int:
    """Lint models. PATHS are files, folders, FILE.py:Class, FILE.py:factory or pkg.mod:object."""
    from shapelint.cli._output import write
    from shapelint.findings.selection import check_selectors

    found = layers(ctx)
    asked = found.of_run()
    _require_paths(asked.paths)
    check_selectors(asked)
    if show_settings or show_files:
        return _show(found, show_settings)
    started, done = time(), True
    report = _lint(asked, found)
    if asked.diff or asked.fix:
        from shapelint.cli._fixing import apply, show_diff

        again = partial(_lint, asked, found)
        if asked.diff:
            return show_diff(report, again, asked)
        report, done = apply(report, again, asked, started)
    if asked.update_baseline:
        known = sum(s.by == "baseline" for s in report.suppressed)
        click.echo(f"{asked.baseline}: lists {known} of what was found", err=True)
    write(report, asked)
    return exit_code(report, asked) if done else USAGE


def _lint(
    asked: Settings,
    found: Layers,
    texts: Texts | None = None,
    only: Collection[str] | None = None,
) -> Report:
    from shapelint.cli._progress import watched
    from shapelint.engine import check

    return check(asked, found.of, texts, only, watched)


def _show(found: Layers, about_settings: bool) -> int:
    """Print what a run would go by, or the files it would open."""
    from shapelint.engine import files_of
    from shapelint.text.settings import lines

    asked = found.of_run()
    shown = lines(asked) if about_settings else map(str, files_of(asked))
    click.echo("".join(f"{line}\n" for line in shown), nl=False)
    return 0


def _require_paths(paths: tuple[str, ...]) -> None:
    from os.path import exists  # unlike that of pathlib it never raises

    for path in paths:
        file, _, name = path.rpartition(":")
        is_object = name.replace(".", "").isidentifier() and file
        is_module = is_object and not file.endswith(".py") and file.replace(".", "").isidentifier()
        if not exists(path) and not is_module and not (is_object and exists(file)):
            raise UsageError(f"path not found: {path}{suggestion(path, command_names())}")


def exit_code(report: Report, asked: Settings) -> int:
    """0 or 1, as the settings say; 101 if shapelint failed at one of the models."""
    if any(d.name == "internal-error" for d in report.diagnostics):
        return BUG
    if asked.exit_zero:
        return 0
    found = any(_RANKS[d.severity] >= _RANKS[asked.fail_on] for d in report.diagnostics)
    skipped = any(t.evidence == "not-checked" for t in report.targets)
    return int(found or (asked.fail_on_skipped and skipped))
