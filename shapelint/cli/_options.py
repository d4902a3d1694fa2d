"""Options that several commands share, and the layer of settings that was said on the command line.

The name of every parameter is the name of its field in :class:`shapelint.config.Settings`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from shapelint.config import Globs, Output, Selection, Settings
from shapelint.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from shapelint.configfile.layers import Layers
    from shapelint.lengths.conditions import Condition
    from shapelint.model import Input

Command = TypeVar("Command", bound=Callable[..., Any])
Values = tuple[str, ...]


_FIELDS = frozenset((*Settings.__dataclass_fields__, *Selection.__dataclass_fields__))


def layers(ctx: click.Context) -> Layers:
    """The config file, overridden by what was said on the command line."""
    from shapelint.configfile.layers import Layers

    said = {k: v for k, v in ctx.params.items() if _was_said(ctx, k)}
    return Layers(said, ctx.params["isolated"], ctx.params["config_options"])


def settings(ctx: click.Context, target: str) -> Settings:
    """The settings for one target. Raises UsageError."""
    from shapelint.configfile.layers import Layers

    found = layers(ctx)
    return Layers({**found.said, "paths": (target,)}, found.isolated, found.given).of_run()


def _was_said(ctx: click.Context, name: str) -> bool:
    given = ctx.get_parameter_source(name)
    said = given in (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT)
    return said and name in _FIELDS


def words(ctx: click.Context, param: click.Parameter, values: Values) -> Values:
    """Callback of repeatable options that also take several words with commas between them."""
    return tuple(word.strip() for value in values for word in value.split(",") if word.strip())


def per_file_ignores(
    ctx: click.Context, param: click.Parameter, values: Values
) -> tuple[tuple[Globs, Values], ...]:
    """Callback of ``--per-file-ignores PATTERN:RULE``."""
    if not values:
        return ()
    from pathlib import Path

    found = []
    for value in words(ctx, param, values):
        pattern, sign, rule = value.rpartition(":")
        if not sign or not pattern or not rule:
            raise UsageError(f"per-file-ignores {value!r}: write PATTERN:RULE")
        found.append((Globs(Path.cwd(), (pattern,)), (rule,)))
    return tuple(found)


def as_path(ctx: click.Context, param: click.Parameter, value: str | None) -> Path | None:
    """Callback of options that take a file."""
    from pathlib import Path

    return None if value is None else Path(value)


def outputs(ctx: click.Context, param: click.Parameter, values: Values) -> tuple[Output, ...]:
    """Callback of ``-o FORMAT:DEST``."""
    return tuple(map(_output, values))


def _output(value: str) -> Output:
    from shapelint.reporters import find_reporter

    name, sign, destination = value.partition(":")
    find_reporter(name)
    if not sign or not destination:
        raise UsageError(f"output {value!r}: write FORMAT:DEST, for example json:report.json")
    return Output(name, destination)


def _lengths(ctx: click.Context, param: click.Parameter, values: Values) -> tuple[Condition, ...]:
    if not values:
        return ()
    from shapelint.lengths.domain import DomainError, condition_of

    try:
        return tuple(map(condition_of, values))
    except DomainError as exc:
        raise UsageError(f"length {exc}") from exc


def _inputs(ctx: click.Context, param: click.Parameter, values: Values) -> tuple[Input, ...]:
    if not values:
        return ()
    from shapelint.notation import parse_input

    return tuple(parse_input(value, position) for position, value in enumerate(values))


def _arguments(ctx: click.Context, param: click.Parameter, values: Values) -> dict[str, Any]:
    if not values:
        return {}
    from shapelint.notation import parse_argument

    return dict(map(parse_argument, values))


def output_format(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """Callback of ``--output-format``. Raises UsageError for a format that does not exist."""
    from shapelint.reporters import find_reporter

    find_reporter(value)
    return value


color_option = click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    help="Colour; auto obeys NO_COLOR and FORCE_COLOR.",
)


def _folder(ctx: click.Context, param: click.Parameter, value: str | None) -> Path | None:
    from pathlib import Path

    return Path(value) if value else None


cache_dir_option = click.option(
    "--cache-dir",
    callback=_folder,
    metavar="FOLDER",
    envvar="SHAPELINT_CACHE_DIR",
    show_envvar=True,
    help="Where answers are kept; .shapelint_cache in the root of the project by default.",
)

_MODEL_OPTIONS = (
    click.option(
        "--length",
        "lengths",
        multiple=True,
        metavar="SIZES",
        callback=_lengths,
        help="Sizes that matter: H=1..4096, H='multiple of 32', 'L % 320 == 0'. Repeatable.",
    ),
    click.option(
        "--input",
        "inputs",
        multiple=True,
        metavar="DIMS",
        callback=_inputs,
        help="An input of forward: N,3,H,W or tokens=N,T:int64. Repeatable.",
    ),
    click.option(
        "--arg",
        "args",
        multiple=True,
        metavar="NAME=VALUE",
        callback=_arguments,
        help="An argument of the constructor: Python literal, JSON or text. Repeatable.",
    ),
    click.option(
        "--kwarg",
        "kwargs",
        multiple=True,
        metavar="NAME=VALUE",
        callback=_arguments,
        help="An argument of forward that is no tensor, written like that of --arg. Repeatable.",
    ),
    click.option(
        "--train",
        is_flag=True,
        help="Run models in training mode instead of eval mode.",
    ),
    click.option(
        "--python",
        metavar="PATH",
        help="The interpreter that runs the models.",
    ),
    click.option(
        "--timeout",
        type=click.FloatRange(min=0, min_open=True),
        default=Settings.timeout,
        show_default=True,
        metavar="SECONDS",
        help="Seconds that a model may take, if the processor is free.",
    ),
    click.option(
        "--memory",
        type=click.IntRange(min=1),
        default=Settings.memory,
        show_default=True,
        metavar="MEGABYTES",
        help="Memory that one file may take.",
    ),
    click.option(
        "--config",
        "config_options",
        multiple=True,
        metavar="FILE|TOML",
        help="The config file, or a setting of one: 'fail-on = \"warning\"'. Repeatable.",
    ),
    click.option("--isolated", is_flag=True, help="Read no config file."),
)


def model_options(command: Command) -> Command:
    """Decorator: how to build and run a model."""
    for option in reversed(_MODEL_OPTIONS):
        command = option(command)
    return command
