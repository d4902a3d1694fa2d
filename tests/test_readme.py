"""What the README shows is what ``make demo`` prints."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


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
    _, _, rest = (ROOT / "README.md").read_text().partition("What `make demo` prints:\n\n```\n")
    shown, _, _ = rest.partition("```")
    assert (done.stdout, done.returncode) == (shown, 1), done.stderr
