"""Options that several commands share, and the layer of settings that was said on the command line.

The name of every parameter is the name of its field in :class:`shapelint.config.Settings`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from shapelint.config import Output, Settings, merge
from shapelint.errors import UsageError

if TYPE_CHECKING:
    from shapelint.lengths.conditions import Condition
    from shapelint.model import Input

__all__ = ["color_option", "model_options", "output_format", "outputs", "settings", "words"]

Command = TypeVar("Command", bound=Callable[..., Any])
Values = tuple[str, ...]


def settings(ctx: click.Context) -> Settings:
    """Defaults, overridden by what was said on the command line."""
    known = ctx.params.items()
    return merge({k: v for k, v in known if _was_said(ctx, k)})


def _was_said(ctx: click.Context, name: str) -> bool:
    given = ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE
    return given and name in Settings.__dataclass_fields__


def words(ctx: click.Context, param: click.Parameter, values: Values) -> Values:
    """Callback of repeatable options that also take several words with commas between them."""
    return tuple(word.strip() for value in values for word in value.split(",") if word.strip())


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
        help="Time that one model may take.",
    ),
)


def model_options(command: Command) -> Command:
    """Decorator: how to build and run a model."""
    for option in reversed(_MODEL_OPTIONS):
        command = option(command)
    return command
