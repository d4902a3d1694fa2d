"""The commands there are."""

import click

import shapelint as package
from shapelint.cli import app
from shapelint.cli._commands import Commands, command_names

COMMANDS = """\
Commands:
  check   Lint models.
  clean   Delete the cache.
  doctor  Show which interpreter, torch and versions are used here.
  graph   Draw the stages of TARGET: resolutions, skips, and what undoes what.
  rule    Explain rules; without arguments, list them.
  sizes   Show the exact sizes at which TARGET runs.
  trace   Show every call of TARGET with its lengths, also when it fails.
"""


def test_help_lists_the_commands_with_the_default_one_first(shapelint):
    code, out, _ = shapelint("--help")
    assert code == 0
    assert out.endswith(COMMANDS)
    assert "shapelint PATHS is short for shapelint check PATHS." in out


def test_the_version_is_the_packages(shapelint):
    assert shapelint("--version") == (0, f"shapelint, version {package.__version__}\n", "")


def test_what_is_listed_without_an_import_is_what_the_commands_say_themselves(shapelint):
    listed = shapelint("--help")[1].partition("Commands:")[2]
    with click.Context(app) as ctx:
        said = [Commands.get_command(app, ctx, name) for name in command_names()]
        assert all(f"{c.name:<6}  {c.get_short_help_str(100)}" in listed for c in said)
