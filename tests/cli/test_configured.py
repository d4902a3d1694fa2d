"""The config file and the flags about it, through the command line."""

from __future__ import annotations

import json

import pytest

from shapelint.findings.selection import selected_rules
from tests.reports import BROKEN

PRECEDENCE = {
    "nothing said": ("", [], "+101 +102 +201 -303"),
    "the file selects": ('select = ["SHP2"]', [], "-101 -102 +201 -303"),
    "the file selects nothing": ("select = []", [], "-101 -102 -201 -303"),
    "the file ignores": ('ignore = ["SHP1"]', [], "-101 -102 +201 -303"),
    "a severity turns a rule on": ('rules.checkerboard-kernel = "warning"', [], "+101 +303"),
    "off turns a rule off": ('rules.roundtrip-length = "off"', [], "-101 +102"),
    "a name is more specific than its block": (
        'select = ["SHP1"]\nrules.roundtrip-length = "off"',
        [],
        "-101 +102 -201",
    ),
    "--select starts anew": (
        'select = ["SHP1"]\nrules.skip-length-mismatch = "off"',
        ["--select", "SHP2"],
        "-101 -102 +201",
    ),
    "--ignore is on top of what the file selects": (
        'select = ["roundtrip-length", "SHP2"]',
        ["--ignore", "SHP1"],
        "-101 -102 +201",
    ),
    "--config is on top of the file": (
        'ignore = ["SHP1"]',
        ["--config", 'rules.roundtrip-length = "error"'],
        "+101 -102 +201",
    ),
    "--isolated reads no file": ('select = ["SHP2"]', ["--isolated"], "+101 +201 -303"),
}


@pytest.mark.parametrize(("toml", "flags", "expected"), PRECEDENCE.values(), ids=PRECEDENCE)
def test_which_rules_run(engine, shapelint, tmp_path, toml, flags, expected):
    (tmp_path / "shapelint.toml").write_text(toml)
    code, _, err = shapelint(*flags, "model.py")
    assert code == 0, err
    chosen = {rule.code.removeprefix("SHP") for rule in selected_rules(engine.settings)}
    for word in expected.split():
        assert (word[1:] in chosen) == (word[0] == "+"), word


def test_a_flag_wins_over_the_file_and_the_file_over_the_default(engine, shapelint, tmp_path):
    (tmp_path / "shapelint.toml").write_text('timeout = 5\nfail-on = "never"\nlengths = { H = 8 }')
    engine.report = BROKEN
    assert shapelint("model.py", "--timeout", "7")[0] == 0
    assert (engine.settings.timeout, engine.settings.fail_on) == (7, "never")
    assert shapelint("model.py", "--fail-on", "error")[0] == 1
    assert shapelint("model.py", "--isolated")[0] == 1


def test_a_file_that_is_named_is_read_instead_of_the_nearest(engine, shapelint, tmp_path):
    (tmp_path / "shapelint.toml").write_text("timeout = 5")
    (tmp_path / "other.toml").write_text("jobs = 3")
    shapelint("model.py", "--config", "other.toml", "--config", "preview = true")
    asked = engine.settings
    assert (asked.timeout, asked.jobs, asked.preview) == (60, 3, True)


WRONG = {
    "a key in the file": (
        "slect = []",
        [],
        "error: shapelint.toml: slect: unknown key; did you mean 'select'?\n",
    ),
    "a selector in the file": (
        'select = ["SHP7"]',
        [],
        "error: shapelint.toml: select: no rule matches 'SHP7'",
    ),
    "a rule in the file": (
        'rules.roundtrip-lenght = "off"',
        [],
        "error: shapelint.toml: rules: no rule matches 'roundtrip-lenght'; "
        "did you mean 'roundtrip-length'?\n",
    ),
    "a rule of a file": (
        'per-file-ignores = { "*.py" = ["E501"] }',
        [],
        "error: per-file-ignores *.py: no rule matches 'E501'",
    ),
    "a config file that is not there": (
        "",
        ["--config", "no.toml"],
        "error: --config no.toml: no such file\n",
    ),
    "a setting on the command line": (
        "",
        ["--config", "fail_on = 1"],
        "error: --config: fail_on: unknown key; did you mean 'fail-on'?\n",
    ),
    "a pattern without a rule": (
        "",
        ["--per-file-ignores", "*.py"],
        "error: per-file-ignores '*.py': write PATTERN:RULE\n",
    ),
}


@pytest.mark.parametrize(("toml", "flags", "message"), WRONG.values(), ids=WRONG)
def test_what_makes_no_sense_is_a_usage_error(engine, shapelint, tmp_path, toml, flags, message):
    (tmp_path / "shapelint.toml").write_text(toml)
    code, out, err = shapelint("model.py", *flags)
    assert (code, out, engine.settings) == (2, "", None)
    assert err.startswith(message)


SETTINGS = """\
# config file: {here}/shapelint.toml
select = ["SHP1"]  # shapelint.toml
rules.asymmetric-pair = "off"  # shapelint.toml
error = ["SHP102"]  # command line
paths = ["model.py"]
preview = false
per-file-ignores = [[["{here}/old/*"], ["SHP101"]]]
# include = unset
exclude = ["{here}/data"]
respect-gitignore = true
force-exclude = false
models = [{{ path = "{here}/model.py", name = "VAE", args = {{ channels = 64 }}, kwargs = {{}}, \
inputs = [{{ name = "x", dims = ["N", 1, "L"], dtype = "float32" }}], \
lengths = ["L % 320 == 0"], roundtrip = true, train = false }}]
lengths = ["16 <= H <= 64"]
usual-lengths = []
inputs = []
args = {{}}
kwargs = {{}}
train = false
# python = unset
timeout = 60
"""


def test_settings_are_shown(shapelint, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.py").touch()
    (tmp_path / "shapelint.toml").write_text(
        'select = ["SHP1"]\nrules.asymmetric-pair = "off"\nexclude = ["data"]\n'
        'per-file-ignores = { "old/*" = ["SHP101"] }\n[[models]]\ntarget = "model.py:VAE"\n'
        'args = { channels = 64 }\ninput = { x = ["N", 1, "L"] }\nlengths = { L = "L % 320 == 0" }'
        "\nroundtrip = true"
    )
    code, out, err = shapelint(
        "model.py", "--show-settings", "--error", "SHP102", "--length", "H=16..64"
    )
    assert (code, err) == (0, "")
    assert out.startswith(SETTINGS.format(here=tmp_path))


def test_files_are_shown_and_not_opened(shapelint, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".gitignore").write_text("build_*\n")
    (tmp_path / "shapelint.toml").write_text(
        'exclude = ["old.py"]\n[[models]]\ntarget = "factory.py:make"'
    )
    source = "import torch\nfrom torch import nn\nraise SystemExit\n"
    for name in ("net.py", "old.py", "build_net.py"):
        (tmp_path / name).write_text(source)
    (tmp_path / "plain.py").write_text("import os\n")
    (tmp_path / "factory.py").write_text("from net import make\n")
    assert shapelint("--show-files") == (0, "factory.py\nnet.py\n", "")
    assert shapelint("--show-files", "old.py")[1] == "old.py\n"


# -- models that the config file describes ----------------------------------------------------

VAE = """\
from torch import nn

class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.down = nn.Conv1d(1, width, 3, 2, 1)
        self.up = nn.ConvTranspose1d(width, 1, 3, 2, 1)

    def forward(self, x):
        return self.up(self.down(x))

class VAE(nn.Module):
    def __init__(self, channels, strides):
        super().__init__()
        self.blocks = nn.Sequential(*(Block(channels) for _ in strides))

    def forward(self, x, scale=1):
        return self.blocks(x) * scale
"""

DECLARED = """
args = { channels = 4, strides = [2] }
input = { x = ["N", 1, "L"] }
lengths = { L = "odd" }
"""


@pytest.fixture
def vae(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "vae.py").write_text(VAE)
    return tmp_path


def linted(shapelint, *arguments: str) -> tuple[int, dict]:
    code, out, err = shapelint("models", "--output-format", "json", *arguments)
    assert code < 2, err
    return code, json.loads(out)


def test_a_model_is_built_as_described(vae, shapelint):
    (vae / "shapelint.toml").write_text('[[models]]\ntarget = "models/vae.py:VAE"' + DECLARED)
    code, report = linted(shapelint)
    (target,) = report["targets"]
    assert (target["target"], target["evidence"]) == ("models/vae.py:VAE", "proven")
    assert target["inputs"] == [{"name": "x", "dims": ["N", 1, "L"], "dtype": "float32"}]
    assert (code, report["diagnostics"]) == (0, [])
    assert target["valid_sizes"]["text"] == "L % 2 == 1"
    code, report = linted(shapelint, "--length", "L=even")
    assert [d["name"] for d in report["diagnostics"]] == ["roundtrip-length"]


def test_the_block_that_is_printed_works_once_it_is_filled_in(vae, shapelint):
    code, out, _ = shapelint("models")
    assert (code, "needs channels, strides" in out) == (0, True)
    printed = [line.strip() for line in out.splitlines()]
    start = printed.index("[[models]]")
    block = "\n".join(printed[start : start + 3])
    assert "models/shapelint.toml" in printed[start - 1]
    assert "VAE" in block
    filled = block.replace("channels = ...", "channels = 4").replace(
        "strides = ...", "strides = [2]"
    )
    (vae / "models" / "shapelint.toml").write_text(filled)
    assert [t["evidence"] for t in linted(shapelint)[1]["targets"]] == ["proven"]


PER_FILE = {
    "no pattern matches": ({"other/*": ["SHP1"]}, ["roundtrip-length"]),
    "the file": ({"vae.py": ["roundtrip-length"]}, []),
    "all other files": ({"!vae.py": ["roundtrip-length"]}, ["roundtrip-length"]),
    "another rule": ({"models/": ["SHP2"]}, ["roundtrip-length"]),
}


def test_rules_say_nothing_about_files_that_match(vae, shapelint):
    block = '[[models]]\ntarget = "models/vae.py:VAE"\nargs = { channels = 4, strides = [2] }\n'
    for reason, (ignores, names) in PER_FILE.items():
        table = ", ".join(f'"{k}" = {json.dumps(v)}' for k, v in ignores.items())
        (vae / "shapelint.toml").write_text(f"per-file-ignores = {{ {table} }}\n{block}")
        report = linted(shapelint)[1]
        assert [d["name"] for d in report["diagnostics"]] == names, reason
    assert linted(shapelint, "--per-file-ignores", "*.py:SHP1,x.py:SHP2")[1]["diagnostics"] == []


ANNOTATED = """\
from __future__ import annotations
from jaxtyping import Float
from torch import Tensor, nn

class Half(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(1, 1, 2, 2)

    def forward(self, x: Float[Tensor, "n 1 l"], y: Float[Tensor, "n 1 2*l"]) -> (
        Float[Tensor, "n 1 l"]
    ):
        return self.conv(y) + x

class Third(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(1, 1, 3, 3)

    def forward(self, x: Float[Tensor, "n 1 l"]) -> Float[Tensor, "n 1 l//2"]:
        return self.conv(x)
"""


def test_contracts_are_proven_or_disproved(vae, shapelint):
    """By annotations that need no jaxtyping, and by the config file."""
    (vae / "models" / "vae.py").write_text(ANNOTATED)
    (vae / "shapelint.toml").write_text(
        '[[models]]\ntarget = "models/vae.py:Third"\nroundtrip = true'
    )
    code, report = linted(shapelint)
    told = {
        t["class"]: [(c["text"], c["verdict"]) for c in t["contracts"]] for t in report["targets"]
    }
    assert told == {
        "Half": [('returns "n 1 l"', "proven")],
        "Third": [('returns "n 1 l//2"', "disproved"), ("roundtrip = true", "disproved")],
    }
    errors = [d for d in report["diagnostics"] if d["severity"] == "error"]
    assert [(d["code"], d["line"]) for d in errors] == [("SHP501", 20), ("SHP501", 20)]
    assert code == 1
    assert "returned" not in errors[0]["error"]
    assert all(d["witness"] and d["evidence"] == "proven" for d in errors)
    err = shapelint("models", "--verbose")[2]
    assert '  contract returns "n 1 l": proven\n' in err
