"""The group of commands: found by walking the package, ``check`` unless another one is named."""

from __future__ import annotations

import importlib
import os
import re

import click

from shapelint.registry import module_names

DEFAULT = "check"

_PACKAGE = "shapelint.cli"
_FOLDER = os.path.dirname(os.path.abspath(__file__))
_FIRST_SENTENCE = re.compile(r'^def command\(.*?"""(.*?\.)(?:\s|""")', re.MULTILINE | re.DOTALL)


def command_names() -> list[str]:
    """The names of all commands."""
    return [name for name in module_names(_PACKAGE) if not name.startswith("_")]


class Commands(click.Group):
    """A group that imports a command when it is asked for it, and none to list them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The default first."""
        return sorted(command_names(), key=lambda name: (name != DEFAULT, name))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The ``command`` of the module of that name."""
        if cmd_name not in command_names():
            return None
        found: click.Command = importlib.import_module(f"{_PACKAGE}.{cmd_name}").command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Each command with the first sentence of its docstring, read from its source."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, _summary(name)) for name in self.list_commands(ctx)])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the default command in front of anything but a command or an option of the group.

        It has to happen before click parses: flags in front of the first path are flags of check.
        """
        own = {name for p in self.get_params(ctx) for name in p.opts}
        if args and args[0] not in own and args[0] not in command_names():
            args = [DEFAULT, *args]
        return super().parse_args(ctx, args)


def _summary(name: str) -> str:
    with open(os.path.join(_FOLDER, f"{name}.py"), encoding="utf-8") as source:
        found = _FIRST_SENTENCE.search(source.read())
    return " ".join(found[1].split()) if found else ""
