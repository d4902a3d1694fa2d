"""``shapelint sizes``: which input sizes run, exactly, and which come back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

import click

from shapelint.cli._options import color_option, model_options, settings
from shapelint.cli._output import echo
from shapelint.errors import UsageError
from shapelint.text.details import evidence, template
from shapelint.text.layout import visible
from shapelint.text.paint import paint

if TYPE_CHECKING:
    from shapelint.lengths.sets import SizeSet
    from shapelint.model import TargetReport

Sizes = Mapping[str, int]

_COLUMN = 15
"""Where the facts begin."""


def _near(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, int]:
    found = {}
    for value in ",".join(values).split(",") if values else ():
        match = re.fullmatch(r"\s*([A-Za-z_]\w*)\s*=\s*(\d+)\s*", value)
        if match is None:
            raise UsageError(f"near {value!r}: write a name and a size, for example H=350")
        found[match[1]] = int(match[2])
    return found


@click.command("sizes")
@click.argument("target")
@click.option(
    "--near",
    multiple=True,
    metavar="SYMBOL=SIZE",
    callback=_near,
    help="Also the valid sizes next to this one. Repeatable, or separated by commas.",
)
@model_options
@color_option
@click.pass_context
def command(ctx: click.Context, /, target: str, near: Sizes, color: Any, **_: Any) -> int:
    """Show the exact sizes at which TARGET runs.

    Also those at which the output is as long as the input. The exit code is 1 if no size runs.
    """
    from shapelint.engine import examine

    report = examine(target, settings(ctx, target)).report
    echo("".join(f"{line}\n" for line in lines(report, near)), color)
    return int(not report.valid_sizes)


def lines(report: TargetReport, near: Sizes) -> Iterator[str]:
    """What is printed about a target.

    Raises UsageError if ``near`` names a size that the target does not have.
    """
    yield paint(visible(f"{report.target}{template(report)}"), "strong")
    if report.valid_sizes is None:
        yield f"{paint('not checked', 'warning')}: {visible(report.reason)}"
        return
    valid = cast("SizeSet", report.valid_sizes)  # from an analysis, not from the cache
    comes_back = cast("SizeSet | None", report.roundtrip_sizes)
    facts = _facts(report, valid, comes_back, near)
    yield from (f"{head:<{_COLUMN}}{text}" for head, text in facts)


def _facts(
    report: TargetReport, valid: SizeSet, comes_back: SizeSet | None, near: Sizes
) -> Iterator[tuple[str, str]]:
    yield "runs at", valid.text
    yield "smallest", _written(valid.smallest())
    if comes_back is not None:
        same = comes_back == valid
        yield "comes back at", "all of them" if same else comes_back.text
    if report.unknown_sizes is not None:
        yield "not known at", report.unknown_sizes.text
    for symbol, size in near.items():
        words = [_beside("runs", valid, symbol, near)]
        if comes_back is not None:
            words.append(_beside("comes back", comes_back, symbol, near))
        yield f"near {symbol} = {size}", "; ".join(words)
    if report.outputs:
        yield "returns", ", ".join(report.outputs)
    yield "evidence", visible(evidence(report))


def _written(sizes: Sizes | None) -> str:
    if sizes is None:
        return "none"
    return ", ".join(f"{name} = {size}" for name, size in sizes.items())


def _beside(verb: str, good: SizeSet, symbol: str, near: Sizes) -> str:
    """The nearest good sizes of one symbol.

    If it depends on others that nobody asked for, those of all of them: a square if it can be.
    """
    if symbol not in good.symbols:
        raise UsageError(f"near {symbol}: the sizes are {', '.join(good.symbols)}")
    group = next(g for g in good.split() if symbol in g.symbols)
    if not near.keys() >= {*group.symbols}:
        asked = {s: near.get(s, near[symbol]) for s in group.symbols}
        member = group.nearest(asked)
        return verb if member == asked else f"{verb} at {_written(member)}"
    sides = group.below_above(symbol, near[symbol], near)
    if near[symbol] in sides:
        return verb
    found = [str(size) for size in sides if size is not None]
    return f"{verb} at {' and '.join(found) or f'no {symbol}'}"
