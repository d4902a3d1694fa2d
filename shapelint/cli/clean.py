"""``shapelint clean``: forget the answers of earlier runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from shapelint.cli._options import cache_dir_option

if TYPE_CHECKING:
    from pathlib import Path


@click.command("clean")
@cache_dir_option
def command(cache_dir: Path | None) -> int:
    """Delete the cache."""
    from shapelint.cache import clean
    from shapelint.config import Settings
    from shapelint.engine import cache_folder

    folder = cache_folder(Settings(cache_dir=cache_dir))
    click.echo(f"{'deleted' if clean(folder) else 'there is no cache at'} {folder}")
    return 0
