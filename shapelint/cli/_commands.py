"""The group of commands: found by walking the package, ``check`` unless another one is named."""

from __future__ import annotations

import importlib
import pkgutil

import click

__all__ = ["Commands", "command_names"]

DEFAULT = "check"

_PACKAGE = "shapelint.cli"


def command_names() -> list[str]:
    """The names of all commands."""
    path = importlib.import_module(_PACKAGE).__path__
    return [m.name for m in pkgutil.iter_modules(path) if not m.name.startswith("_")]


class Commands(click.Group):
    """A group that imports a command when it is asked for it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The default first."""
        return sorted(command_names(), key=lambda name: (name != DEFAULT, name))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The ``command`` of the module of that name."""
        if cmd_name not in command_names():
            return None
        found: click.Command = importlib.import_module(f"{_PACKAGE}.{cmd_name}").command
        return found

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the default command in front of anything but a command or an option of the group.

        It has to happen before click parses: flags in front of the first path are flags of check.
        """
        own = {name for p in self.get_params(ctx) for name in p.opts}
        if args and args[0] not in own and args[0] not in command_names():
            args = [DEFAULT, *args]
        return super().parse_args(ctx, args)
