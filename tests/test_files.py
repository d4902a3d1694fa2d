"""Which files of a folder are linted; git itself says what it ignores."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from shapelint.config import Globs, Settings
from shapelint.engine import check, files_of
from shapelint.model import Report
from shapelint.project.discovery import places
from shapelint.project.files import Wanted, matches

DEEP = ["models/deep/old.py", "models/deep/vae.py", "models/unet.py"]
TREE = ["a.py", "b.py", "data/x.py", *DEEP, "old/a.py"]

IGNORED = {
    "nothing is ignored": {},
    "a name": {".gitignore": "a.py"},
    "a name at the top only": {".gitignore": "/a.py"},
    "a folder": {".gitignore": "old/"},
    "a folder below another": {".gitignore": "models/deep"},
    "a pattern and an exception": {".gitignore": "*.py\n!unet.py"},
    "a comment and an empty line": {".gitignore": "# a.py\n\nb.py"},
    "stars": {".gitignore": "models/**/old.py"},
    "a file further down": {"models/.gitignore": "old.py"},
    "the file nearest to the path has the last word": {
        ".gitignore": "old.py",
        "models/deep/.gitignore": "!old.py",
    },
    "what is ignored in this clone only": {".git/info/exclude": "data"},
    "the shared file wins over it": {".git/info/exclude": "a.py", ".gitignore": "!a.py"},
}


@pytest.fixture
def tree(tmp_path, monkeypatch):
    for name in TREE:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def walked(folder: str = ".", **fields: object) -> list[str]:
    settings = Settings(**fields)
    found = places(folder, Path.cwd(), Wanted(settings, Path(folder)))
    return sorted(place.path.as_posix() for place in found)


@pytest.mark.skipif(not shutil.which("git"), reason="git says what it ignores")
@pytest.mark.parametrize("files", IGNORED.values(), ids=IGNORED)
def test_what_git_ignores_is_passed_over(tree, files):
    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments], capture_output=True, text=True, check=True
        ).stdout

    git("init", "-q")
    for name, lines in files.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(lines)
    kept = git("ls-files", "--others", "--exclude-standard", "*.py").split()
    assert walked() == sorted(kept)
    assert walked(respect_gitignore=False) == sorted(TREE)


def test_patterns_of_the_repository_hold_below_it(tree):
    (tree / ".git").mkdir()
    (tree / ".gitignore").write_text("/models/deep/old.py\na.py")
    assert walked("models") == ["models/deep/vae.py", "models/unet.py"]
    assert walked("old") == []


HERE = Path("/project")

FILES = {
    "include alone": ({"include": ("models/*",)}, DEEP),
    "exclude alone": ({"exclude": ("models", "data/")}, ["a.py", "b.py", "old/a.py"]),
    "both": ({"include": ("models",), "exclude": ("old.py",)}, DEEP[1:]),
    "a pattern anywhere": ({"include": ("a.py",)}, ["a.py", "old/a.py"]),
}


@pytest.mark.parametrize(("patterns", "expected"), FILES.values(), ids=FILES)
def test_include_and_exclude(tree, patterns, expected):
    fields = {name: Globs(tree, lines) for name, lines in patterns.items()}
    assert walked(**fields) == expected


def test_a_file_that_is_named_is_linted_whatever_the_patterns_say(tree):
    assert walked("a.py", exclude=Globs(tree, ("*",))) == ["a.py"]


FORCED = {
    "nothing says so": ({}, [*TREE]),
    "files without models are passed over": ({"force_exclude": True}, ["b.py"]),
    "so are files that are excluded": ({"force_exclude": True, "exclude": ("b.py",)}, []),
    "and files that are not included": ({"force_exclude": True, "include": ("models",)}, []),
}


@pytest.mark.parametrize(("fields", "expected"), FORCED.values(), ids=FORCED)
def test_named_files_can_be_treated_as_those_of_a_folder(tree, fields, expected):
    """A hook names every file of a commit."""
    (tree / "b.py").write_text("from torch import nn\n")
    globs = {k: Globs(tree, v) if isinstance(v, tuple) else v for k, v in fields.items()}
    assert [str(path) for path in files_of(Settings(tuple(TREE), **globs))] == expected


def test_where_no_file_is_left_no_interpreter_is_needed(tree):
    missing = Settings(("a.py",), force_exclude=True, python="no-such-python")
    assert check(missing) == Report((), (), files=0)


def test_paths_outside_the_folder_of_a_pattern_do_not_match():
    assert matches(Globs(HERE, ("*.py",)), HERE / "a.py")
    assert not matches(Globs(HERE, ("*.py",)), Path("/other/a.py"))
