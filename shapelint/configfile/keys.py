"""The keys of ``[tool.shapelint]``: one table, read by the parser, the schema and the docs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from shapelint.config import Declared
from shapelint.configfile.described import Inputs, Lengths, Literals, Patterns, PatternTable
from shapelint.configfile.kinds import (
    Choice,
    FilePath,
    Flag,
    Key,
    ListOf,
    Number,
    Record,
    TableOf,
    Text,
    Where,
)

_LEVELS = ("error", "warning", "info", "off")
_SELECTOR = r"^([A-Z]+|[a-z]+(-[a-z]+)*|SHP\d{1,3})$"


def root(rules: tuple[str, ...] = ()) -> Record:
    """The whole table. ``rules`` are the names of rules that editors offer."""
    return Record((*_ABOUT_RULES, _levels(rules), *_ABOUT_FILES, *_ABOUT_RUNS, _MODELS))


def _levels(rules: tuple[str, ...]) -> Key:
    kind = TableOf(Choice(_LEVELS), rules, _SELECTOR)
    return Key("rules", "rules", kind, "Severity of single rules; off turns a rule off.")


_ABOUT_RULES = (
    Key("select", "select", ListOf(Text()),
        "Run these rules instead of the default ones: names, codes, prefixes such as SHP1, ALL."),
    Key("ignore", "ignore", ListOf(Text()), "Do not run these rules."),
    Key("preview", "preview", Flag(), "Also run rules that may still change."),
    Key("per-file-ignores", "per_file_ignores", PatternTable(),
        "Rules that say nothing about the files that match a pattern; ! means all other files."),
)  # fmt: skip

_ABOUT_FILES = (
    Key("include", "include", Patterns(), "The files of a folder that are linted."),
    Key("exclude", "exclude", Patterns(), "Files and folders of a folder that are passed over."),
    Key("respect-gitignore", "respect_gitignore", Flag(), "Pass over what git ignores."),
    Key("baseline", "baseline", FilePath(), "The file of findings that are known and pass."),
    Key("cache-dir", "cache_dir", FilePath(), "Where results of earlier runs are kept."),
)

_ABOUT_RUNS = (
    Key("python", "python", FilePath(commands=True), "The interpreter that runs the models."),
    Key("lengths", "usual_lengths", Lengths(), "The sizes that matter, for every model."),
    Key("timeout", "timeout", Number(), "Seconds that a model may take, if the processor is free."),
    Key("memory", "memory", Number(whole=True), "Megabytes that one file may take."),
    Key("jobs", "jobs", Number(whole=True), "Files that are linted at the same time."),
    Key("fail-on", "fail_on", Choice(("error", "warning", "never")),
        "The least severity that makes the exit code 1."),
    Key("fail-on-skipped", "fail_on_skipped", Flag(),
        "Whether a model that was not checked makes the exit code 1."),
    Key("output-format", "output_format", Text(), "The format on standard output."),
)  # fmt: skip


def _declared(said: dict[str, Any], at: Where) -> Declared:
    """A model; its file must be there, so that an entry does not outlive it unnoticed."""
    from shapelint.project.discovery import places

    target = said.pop("target")
    where, _, name = target.rpartition(":")
    if not where or not all(part.isidentifier() for part in name.split(".")):
        raise (at / "target").error(f"write FILE.py:Class or pkg.module:object, not {target!r}")
    try:
        beside = at.folder / where
        found = beside if beside.is_file() else next(places(target, at.folder)).path
    except FileNotFoundError:
        raise (at / "target").error(f"no such file or module: {where}") from None
    return Declared(Path(found).absolute(), name, **said)


_MODEL_KEYS = (
    Key("target", "target", Text(), "The model: FILE.py:Class, FILE.py:factory, pkg.mod:object.",
        required=True),
    Key("args", "args", Literals(), "Arguments of the constructor or factory."),
    Key("kwargs", "kwargs", Literals(), "Keyword arguments of forward that stay the same."),
    Key("train", "train", Flag(), "Whether it runs in training mode; eval mode by default."),
    Key("input", "inputs", Inputs(), "The dims of every tensor that forward takes."),
    Key("lengths", "lengths", Lengths(), "The sizes that matter for this model."),
    Key("roundtrip", "roundtrip", Flag(),
        "Whether the output must be as long as the input on every declared size."),
)  # fmt: skip

_MODELS = Key(
    "models",
    "models",
    ListOf(Record(_MODEL_KEYS, _declared)),
    "Models that cannot be built or called without being told how.",
)
