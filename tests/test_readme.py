"""What the README shows is what ``make demo`` prints; what it says to write is understood."""

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml
from pre_commit.clientlib import load_config

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def block(language: str, number: int = 0) -> str:
    """The code block of a language with that number."""
    return README.split(f"```{language}\n")[number + 1].partition("```")[0]


def test_the_settings_are_understood():
    schema = json.loads((ROOT / "shapelint.schema.json").read_text("utf-8"))
    settings = tomllib.loads(block("toml"))["tool"]["shapelint"]
    jsonschema.validate(settings, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**settings, "excluded": []}, schema)


def test_the_hook_exists(tmp_path):
    (tmp_path / "config.yaml").write_text(block("yaml"))
    (repo,) = load_config(tmp_path / "config.yaml")["repos"]
    shipped = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert {hook["id"] for hook in repo["hooks"]} <= {hook["id"] for hook in shipped}


def test_the_inputs_of_the_action_exist():
    (step,) = yaml.safe_load(block("yaml", 1))
    assert {*step["with"]} <= {*yaml.safe_load((ROOT / "action.yml").read_text())["inputs"]}


def test_the_demo_prints_what_the_readme_shows():
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "shapelint",
            "fixtures/bad/autoencoder.py",
            "--python",
            sys.executable,
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    _, _, rest = README.partition("What `make demo` prints:\n\n```\n")
    shown, _, _ = rest.partition("```")
    assert (done.stdout, done.returncode) == (shown, 1), done.stderr
