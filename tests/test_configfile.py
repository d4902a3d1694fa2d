"""The config file: every key is read, everything else is refused, and the schema says the same."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from shapelint.config import Declared, Globs, merge
from shapelint.configfile import nearest
from shapelint.configfile.layers import Layers
from shapelint.configfile.reading import read, tomllib
from shapelint.configfile.schema import schema, text
from shapelint.errors import UsageError
from shapelint.lengths.conditions import divides, equal
from shapelint.lengths.domain import condition_of
from shapelint.lengths.expr import symbol
from shapelint.model import Input

ROOT = Path(__file__).parents[1]
L = symbol("L")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The working directory, with one model file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "vae.py").touch()
    return tmp_path


GOOD = {
    "nothing said": ("", lambda here: {}),
    "rules by name, code and prefix": (
        'select = ["SHP1", "skip-length-mismatch"]\nignore = ["SHP103"]',
        lambda here: {"select": ("SHP1", "skip-length-mismatch"), "ignore": ("SHP103",)},
    ),
    "severities": (
        'rules.roundtrip-length = "error"\nrules.SHP103 = "off"',
        lambda here: {"rules": {"roundtrip-length": "error", "SHP103": "off"}},
    ),
    "rules of files": (
        'per-file-ignores = { "legacy/*" = ["SHP1"] }',
        lambda here: {"per_file_ignores": ((Globs(here, ("legacy/*",)), ("SHP1",)),)},
    ),
    "which files": (
        'include = ["models/*"]\nexclude = ["*_old.py"]\nrespect-gitignore = false',
        lambda here: {
            "include": Globs(here, ("models/*",)),
            "exclude": Globs(here, ("*_old.py",)),
            "respect_gitignore": False,
        },
    ),
    "an interpreter by path": (
        'python = ".venv/bin/python"',
        lambda here: {"python": str(here / ".venv/bin/python")},
    ),
    "an interpreter by command": ('python = "python3"', lambda here: {"python": "python3"}),
    "paths are relative to the file": (
        'baseline = "lint/known.json"\ncache-dir = "/tmp/cache"',
        lambda here: {"baseline": here / "lint/known.json", "cache_dir": Path("/tmp/cache")},
    ),
    "a run": (
        'timeout = 2.5\nmemory = 512\njobs = 2\nfail-on = "warning"\nfail-on-skipped = true\n'
        "preview = true\n"
        'output-format = "concise"',
        lambda here: {
            "timeout": 2.5,
            "memory": 512,
            "jobs": 2,
            "fail_on": "warning",
            "fail_on_skipped": True,
            "preview": True,
            "output_format": "concise",
        },
    ),
    "sizes": (
        'lengths = { H = "multiple of 32, 256..1024", W = 48, L = "L % 5 == 0" }',
        lambda here: {
            "usual_lengths": (
                condition_of("multiple of 32, 256..1024", "H"),
                equal(symbol("W"), 48),
                divides(5, L),
            )
        },
    ),
    "a model": (
        '[[models]]\ntarget = "models/vae.py:VAE"\n'
        'args = { channels = 64, strides = [2, 4], norm = { kind = "batch" } }\n'
        "kwargs = { sample = false }\n"
        'input = { x = ["N", 1, "L"], tokens = "N,T:int64" }\n'
        'lengths = { L = "multiple of 320" }\nroundtrip = true\ntrain = true',
        lambda here: {
            "models": (
                Declared(
                    here / "models" / "vae.py",
                    "VAE",
                    {"channels": 64, "strides": [2, 4], "norm": {"kind": "batch"}},
                    {"sample": False},
                    (Input("x", ("N", 1, "L")), Input("tokens", ("N", "T"), "int64")),
                    (divides(320, L),),
                    True,
                    True,
                ),
            )
        },
    ),
    "a model by module": (
        '[[models]]\ntarget = "models.vae:VAE"',
        lambda here: {"models": (Declared(here / "models" / "vae.py", "VAE"),)},
    ),
}


@pytest.mark.parametrize(("toml", "expected"), GOOD.values(), ids=GOOD)
def test_every_key_is_read(folder, toml, expected):
    file = folder / "shapelint.toml"
    file.write_text(toml)
    layer = {**read(file), "origin": ""}
    assert merge(layer) == merge({**expected(folder), "config": file, "origin": ""})


def test_the_table_above_has_every_key():
    said = {key for toml, _ in GOOD.values() for key in tomllib.loads(toml)}
    assert said == set(schema()["properties"])


BAD = {
    "a key that does not exist": (
        'slect = ["SHP1"]',
        "shapelint.toml: slect: unknown key; did you mean 'select'?",
    ),
    "a key of a flag": ("statistics = true", "shapelint.toml: statistics: unknown key"),
    "a text instead of a list": (
        'select = "SHP1"',
        'shapelint.toml: select: expected a list, got "SHP1"',
    ),
    "an item that is no text": (
        'ignore = ["SHP1", 101]',
        "shapelint.toml: ignore[1]: expected a text, got 101",
    ),
    "a severity that does not exist": (
        'rules.roundtrip-length = "eror"',
        "shapelint.toml: rules.roundtrip-length: expected one of error, warning, info, off, "
        "got 'eror'; did you mean 'error'?",
    ),
    "a list where a word is expected": (
        'fail-on = ["warning"]',
        'shapelint.toml: fail-on: expected one of error, warning, never, got ["warning"]',
    ),
    "a number below 1": ("timeout = 0", "timeout: expected a number above 0, got 0"),
    "a boolean is no number": ("timeout = true", "timeout: expected a number above 0, got true"),
    "half a job": ("jobs = 1.5", "jobs: expected a whole number above 0, got 1.5"),
    "a number is no boolean": ("preview = 1", "preview: expected true or false, got 1"),
    "an empty path": ('baseline = ""', 'baseline: expected a path, got ""'),
    "sizes that are none": (
        'lengths = { H = "big" }',
        "lengths.H: 'big', column 1: expected a number, a range such as 1..512, "
        "or 'multiple of 32', found 'big'",
    ),
    "sizes of something else": (
        'lengths = { H = "H == W" }',
        "lengths.H: 'H == W' is also about W; only H is described here",
    ),
    "sizes as a list": ("lengths = { H = [1] }", "lengths.H: expected sizes such as 224 or"),
    "a model without a target": ("[[models]]\nargs = {}", "models[0]: the key 'target' is missing"),
    "a target without an object": (
        '[[models]]\ntarget = "models/vae.py"',
        "models[0].target: write FILE.py:Class or pkg.module:object, not 'models/vae.py'",
    ),
    "a target that is not there": (
        '[[models]]\ntarget = "models/gone.py:VAE"',
        "models[0].target: no such file or module: models/gone.py",
    ),
    "a key of a model that does not exist": (
        '[[models]]\ntarget = "models/vae.py:VAE"\ninputs = {}',
        "shapelint.toml: models[0].inputs: unknown key; did you mean 'input'?",
    ),
    "an argument that Python has no literal for": (
        '[[models]]\ntarget = "models/vae.py:VAE"\nargs = { since = 2024-01-01 }',
        "models[0].args.since: expected a text, number, boolean, list or table",
    ),
    "dims that are none": (
        '[[models]]\ntarget = "models/vae.py:VAE"\ninput = { x = ["N", 0] }',
        "models[0].input.x: input 'x=N,0': a dim is a size or a name such as H, not '0'",
    ),
    "a dtype that does not exist": (
        '[[models]]\ntarget = "models/vae.py:VAE"\ninput = { x = "N,T:int63" }',
        "unknown dtype 'int63'; did you mean 'int64'?",
    ),
    "one model that is not in a list": (
        '[models]\ntarget = "models/vae.py:VAE"',
        "shapelint.toml: models: expected a list, got",
    ),
    "a path that no file can have": (
        'cache-dir = "a\\u0000b"',
        'shapelint.toml: cache-dir: expected a text, got "a\\u0000b"',
    ),
    "lists in lists without end": (
        "select = " + "[" * 5000 + "]" * 5000,
        "shapelint.toml: maximum recursion depth exceeded",
    ),
    "what is not TOML": ("select = [", "shapelint.toml: Invalid value (at end of document)"),
}


@pytest.mark.parametrize(("toml", "message"), BAD.values(), ids=BAD)
def test_everything_else_is_refused(folder, toml, message):
    (folder / "shapelint.toml").write_text(toml)
    with pytest.raises(UsageError) as raised:
        read(Path("shapelint.toml"))
    assert message in str(raised.value)


def test_in_a_pyproject_the_path_of_a_key_begins_with_the_table(folder):
    (folder / "pyproject.toml").write_text("[tool.shapelint]\nslect = 1")
    with pytest.raises(UsageError) as raised:
        read(Path("pyproject.toml"))
    assert str(raised.value) == (
        "pyproject.toml: tool.shapelint.slect: unknown key; did you mean 'select'?"
    )


# -- the schema -------------------------------------------------------------------------------


def test_the_schema_is_in_step_with_the_keys():
    """``python -m shapelint.configfile.schema > shapelint.schema.json`` writes it."""
    assert (ROOT / "shapelint.schema.json").read_text() == text()


def test_the_schema_is_one():
    jsonschema.Draft7Validator.check_schema(schema())


BEYOND_A_SCHEMA = {
    "sizes that are none",
    "sizes of something else",
    "a target without an object",
    "a target that is not there",
    "an argument that Python has no literal for",
    "a dtype that does not exist",
    "a path that no file can have",
    "lists in lists without end",
    "what is not TOML",
}


def violations(toml: str) -> list[str]:
    config = json.loads(json.dumps(tomllib.loads(toml), default=str))
    return [e.message for e in jsonschema.Draft7Validator(schema()).iter_errors(config)]


@pytest.mark.parametrize("reason", GOOD)
def test_the_schema_accepts_what_is_read(reason):
    assert violations(GOOD[reason][0]) == []


@pytest.mark.parametrize("reason", sorted(BAD.keys() - BEYOND_A_SCHEMA))
def test_the_schema_refuses_what_is_refused(reason):
    assert violations(BAD[reason][0])


# -- which file -------------------------------------------------------------------------------

NEAREST = {
    "there is none": ({}, None),
    "a pyproject of other tools is none": ({"pyproject.toml": "[tool.ruff]"}, None),
    "a pyproject that mentions it elsewhere is none": (
        {"pyproject.toml": '[project]\ndependencies = ["shapelint"]'},
        None,
    ),
    "a pyproject with the table": ({"pyproject.toml": "[tool.shapelint]"}, "pyproject.toml"),
    "a file of its own": ({"shapelint.toml": ""}, "shapelint.toml"),
    "its own file comes first": (
        {"shapelint.toml": "", "pyproject.toml": "[tool.shapelint]"},
        "shapelint.toml",
    ),
    "the nearest wins": (
        {"shapelint.toml": "", "sub/pyproject.toml": "[tool.shapelint]"},
        "sub/pyproject.toml",
    ),
    "one beside the file wins over one above": (
        {"shapelint.toml": "", "sub/models/shapelint.toml": ""},
        "sub/models/shapelint.toml",
    ),
    "a pyproject without the table hides nothing": (
        {"shapelint.toml": "", "sub/pyproject.toml": "[tool.ruff]"},
        "shapelint.toml",
    ),
}


@pytest.mark.parametrize(("files", "expected"), NEAREST.values(), ids=NEAREST)
def test_the_nearest_file_counts(tmp_path, files, expected):
    (tmp_path / "sub" / "models").mkdir(parents=True)
    for name, toml in files.items():
        (tmp_path / name).write_text(toml)
    found = nearest(tmp_path / "sub" / "models" / "unet.py")
    assert found == (tmp_path / expected if expected else None)


def test_a_broken_pyproject_that_is_meant_is_not_passed_over(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.shapelint\n")
    with pytest.raises(UsageError, match=r"pyproject\.toml: Expected"):
        nearest(tmp_path)


def test_each_file_of_a_run_has_the_settings_of_its_own_folder(folder):
    (folder / "shapelint.toml").write_text("timeout = 5")
    (folder / "models" / "shapelint.toml").write_text("timeout = 7")
    layers = Layers({"paths": ("models/vae.py", "other.py"), "quiet": True})
    assert (layers.of_run().timeout, layers.of_run().quiet) == (5, True)
    assert layers.of(Path("models/vae.py")).timeout == 7
    assert layers.of(Path("other.py")).timeout == 5
    assert layers.of(Path("other.py")) is layers.of(Path("another.py")), "looked for once"
    alone = Layers({"paths": ("models/vae.py:VAE",)})
    assert alone.of_run().timeout == 7
