"""Which files are looked at, and to which project they belong."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from shapelint.digests import digest_of_all

_SKIPPED_FOLDERS = frozenset(
    ("__pycache__", "build", "dist", "env", "node_modules", "site-packages", "venv")
)
_MENTIONS_MODELS = re.compile(rb"\bnn\b|\bModule\b|\bLightningModule\b")
_LARGEST_CONFIG, _MOST_CONFIGS = 2**16, 500
_LARGEST_NOTEBOOK, _MOST_NOTEBOOKS = 2**22, 50
_PROJECT_FILES = (".git", "pyproject.toml", "setup.py", "setup.cfg")
_UNPACKED_FILES = ("README.md", "LICENSE", "requirements.txt", "environment.yml")


@dataclass(frozen=True)
class Place:
    """A file to lint, and the one object in it that is meant, if only one is."""

    path: Path
    target: str = ""


Wanted = Callable[[Path, bool], bool]
"""Whether a file or (True) a folder is to be looked at."""


def _everything(path: Path, is_folder: bool) -> bool:
    return True


def places(argument: str, root: Path, wanted: Wanted = _everything) -> Iterator[Place]:
    """The files that a command line argument means.

    A file, a folder (walked for what is wanted), ``FILE.py:Object``, or ``pkg.mod:object`` below
    ``root``. Raises FileNotFoundError if there is no such thing.
    """
    whole = Path(argument)
    if whole.is_dir():
        yield from (Place(path) for path in python_files(whole, wanted))
    elif whole.is_file():
        yield Place(whole)
    else:
        where, colon, target = argument.rpartition(":")
        path = _file_of(where, root) if colon else None
        if path is None:
            raise FileNotFoundError(argument)
        yield Place(path, target)


def _file_of(where: str, root: Path) -> Path | None:
    """``models/unet.py`` or ``models.unet``, which may also be below ``src``."""
    if Path(where).is_file():
        return Path(where)
    parts = where.split(".")
    for top in (root, root / "src"):
        module = top.joinpath(*parts)
        for candidate in (module.with_name(f"{module.name}.py"), module / "__init__.py"):
            if candidate.is_file():
                return candidate
    return None


def python_files(folder: Path, wanted: Wanted = _everything) -> Iterator[Path]:
    """Python files below a folder; hidden folders, environments and build output are left out."""
    return _files(folder, (".py",), wanted)


def _files(folder: Path, endings: tuple[str, ...], wanted: Wanted = _everything) -> Iterator[Path]:
    for top, folders, names in os.walk(folder):
        here = Path(top)
        inside = (f for f in folders if not _is_skipped(here / f))
        folders[:] = sorted(f for f in inside if wanted(here / f, True))
        files = (here / name for name in sorted(names) if name.endswith(endings))
        present = (path for path in files if path.is_file())  # no pipe, no dangling link
        yield from (path for path in present if wanted(path, False))


def _is_skipped(folder: Path) -> bool:
    name = folder.name
    hidden = name.startswith(".") or name in _SKIPPED_FOLDERS or name.endswith(".egg-info")
    return hidden or (folder / "pyvenv.cfg").exists()


def project_root(path: Path) -> Path:
    """The nearest folder above with a version control or packaging file.

    Without one, as in an unpacked archive: with a README, say; else the folder from which the
    file is imported, or its own.
    """
    here = path.absolute() if path.is_dir() else path.absolute().parent
    for files in (_PROJECT_FILES, _UNPACKED_FILES):
        for folder in (here, *here.parents):
            if _has_one_of(files, folder):
                return folder
    while here != here.parent and ((here / "__init__.py").exists() or _is_imported_beside(here)):
        here = here.parent
    return here


def _has_one_of(names: Iterable[str], folder: Path) -> bool:
    return any((folder / name).exists() for name in names)


def _is_imported_beside(folder: Path) -> bool:
    imports = re.compile(rb"^\s*(?:from|import) +%s\b" % re.escape(os.fsencode(folder.name)), re.M)
    return any(imports.search(source_of(file)) for file in folder.parent.glob("*.py"))


def project_files(root: Path, *endings: str) -> Iterator[Path]:
    """The files of a project without those of the projects inside it.

    A packaging file makes a project of a folder only where the root is none: a repository may hold
    many packages that use each other, a home folder holds things that have nothing in common.
    """
    others = (".git",) if _has_one_of(_PROJECT_FILES, root) else _PROJECT_FILES

    def is_own(path: Path, is_folder: bool) -> bool:
        return not is_folder or not _has_one_of(others, path)

    return _files(root, endings, is_own)


def may_hold_models(source: bytes) -> bool:
    """A quick look at the text, before it is parsed."""
    return b"torch" in source and _MENTIONS_MODELS.search(source) is not None


def source_of(path: Path, most: int = sys.maxsize) -> bytes:
    """The text of a file; empty if it has more than ``most`` bytes or cannot be read."""
    try:
        return path.read_bytes() if path.stat().st_size <= most else b""
    except OSError:
        return b""


def mentions_models(path: Path) -> bool:
    """:func:`may_hold_models` of a file; True if it cannot be read: opening it will say why."""
    try:
        return may_hold_models(path.read_bytes())
    except OSError:
        return True


def readmes(root: Path) -> list[Path]:
    """Where people show how the classes of a project are built; notebooks count too."""
    found = (
        path for path in project_files(root, ".ipynb") if path.stat().st_size <= _LARGEST_NOTEBOOK
    )
    return [*sorted(root.glob("README*.md")), *islice(found, _MOST_NOTEBOOKS)]


def configs(root: Path) -> list[Path]:
    """The YAML and JSON files of a project, without those of data."""
    found = project_files(root, ".json", ".yaml", ".yml")
    small = (path for path in found if path.stat().st_size <= _LARGEST_CONFIG)
    return list(islice(small, _MOST_CONFIGS))


def stamp(root: Path) -> str:
    """Changes when a Python file, README or config of the project comes, goes or is written."""
    read = (*project_files(root, ".py"), *readmes(root), *configs(root))
    times = ((path, path.stat()) for path in read)
    return digest_of_all(os.fsencode(f"{path} {s.st_size} {s.st_mtime_ns}") for path, s in times)
