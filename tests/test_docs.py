"""Pages that are made by the program are what the program makes."""

import importlib.util
import os
import re
from pathlib import Path

import pytest

from shapelint.catalog import entries
from shapelint.reporters import REPORTERS

ROOT = Path(__file__).parents[1]
_spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
generate = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(generate)


@pytest.fixture(scope="module")
def pages():
    before = Path.cwd()
    os.chdir(ROOT)
    yield generate.pages()
    os.chdir(before)


def test_the_documentation_is_in_step_with_the_program(pages):
    stale = [p.name for p, text in pages.items() if not p.exists() or p.read_text("utf-8") != text]
    assert stale == [], "run: make docs"


def test_every_rule_has_a_page_and_every_page_a_rule(pages):
    names = {page.stem for page in (ROOT / "docs" / "rules").glob("*.md")}
    assert names == {"README", *(rule.name for rule in entries())}


def test_every_format_has_a_sample():
    assert sorted(generate.FORMATS) == sorted(REPORTERS)


def missing_paths(text: str) -> list[str]:
    """Paths in backticks that do not exist, with or without ``shapelint/`` and ``.py``."""
    paths = [p for p in re.findall(r"`([\w./-]+/[\w./-]*)`", text) if "FAMILY" not in p]
    folders = (ROOT, ROOT / "shapelint")
    return [
        p for p in paths if not any((f / p).exists() or (f / f"{p}.py").exists() for f in folders)
    ]


def test_the_map_for_contributors_names_what_exists():
    assert missing_paths((ROOT / "CONTRIBUTING.md").read_text("utf-8")) == []
    text = "`shapelint/rules/`, `explore/paths`, `shapelint/gone.py`, `tests/test_gone.py`"
    assert missing_paths(text) == ["shapelint/gone.py", "tests/test_gone.py"]


def dangling(text: str) -> list[str]:
    """References to names of the package that no module defines."""
    return [name for name in re.findall(r":\w+:`~?(shapelint\.[\w.]+)`", text) if not _exists(name)]


def _exists(name: str) -> bool:
    """Whether a name is a module, or the source of its module has all that comes behind that."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        path = ROOT.joinpath(*parts[:end])
        source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        if source.exists():
            words = set(re.findall(r"\w+", source.read_text("utf-8")))
            return words.issuperset(parts[end:])
    return False


def test_docstrings_refer_to_what_exists():
    sources = [p.read_text("utf-8") for p in (ROOT / "shapelint").rglob("*.py")]
    assert [name for text in sources for name in dangling(text)] == []
    text = ":mod:`shapelint.rules` :data:`~shapelint.rules.FIX_SAFETY` :class:`shapelint.gone.Rule`"
    assert dangling(text) == ["shapelint.rules.FIX_SAFETY", "shapelint.gone.Rule"]


def test_a_table_that_is_out_of_date_is_noticed():
    text = "a\n<!-- rules -->\n| SHP999 |\n<!-- end -->\nb\n"
    table = generate.rule_table("docs/rules/")
    assert generate.readme(text) == f"a\n<!-- rules -->\n{table}\n<!-- end -->\nb\n"
