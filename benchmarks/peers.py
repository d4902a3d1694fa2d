"""Whole processes: shapelint and the other linters of shapes, on the same two models.

The others read what a user promises, so each gets the model with the annotations that it reads: the
output is as long as the input. They are installed from PyPI, each into a folder of its own.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.page import head, row
from benchmarks.timing import ROOT, Process, cost_ratio, python

Dims = tuple[str | int, ...]

_IMPORT = "import torch\n"
_SAID = 150


@dataclass(frozen=True)
class Model:
    """A file, the line that begins its ``forward``, and what that takes and should return."""

    path: Path
    signature: str
    argument: str
    takes: Dims
    returns: Dims


AUTOENCODER = Model(
    ROOT / "fixtures" / "bad" / "autoencoder.py",
    "def forward(self, noisy: torch.Tensor) -> torch.Tensor:",
    "noisy",
    ("N", 1, "L"),
    ("N", 1, "L"),
)
UNET = Model(
    ROOT / "benchmarks" / "models" / "unet.py",
    "def forward(self, x):",
    "x",
    ("N", 3, "H", "W"),
    ("N", 2, "H", "W"),
)


MODELS = {"autoencoder": AUTOENCODER, "U-Net": UNET}
"""Also the first two of :mod:`benchmarks.alternatives`."""

SCRIPTS = {
    "exported": "a script with `torch.export`",
    "swept": "a script that sweeps 1 … 256 on the meta device",
}
SCRIPT = """
import torch
from benchmarks.alternatives import MODELS, {way}
model = MODELS[{index}]
with torch.no_grad(), torch.device("cpu" if "{way}" == "exported" else "meta"):
    print({way}(model, model.build().eval()))
"""


@dataclass(frozen=True)
class Peer:
    """Another linter."""

    packages: tuple[str, ...]
    command: tuple[str, ...]
    imports: str
    tensor: Callable[[Dims], str]
    """How it writes a tensor of these dims."""
    declared: str = ""
    """How it declares the name of a dim, if it does."""

    def annotated(self, model: Model) -> str:
        """The source with the annotations that it reads."""
        names = [self.declared.format(d) for d in model.takes if isinstance(d, str)]
        declared = f"[{', '.join(names)}]" if self.declared else ""
        taken, returned = self.tensor(model.takes), self.tensor(model.returns)
        signature = f"def forward{declared}(self, {model.argument}: {taken}) -> {returned}:"
        source = model.path.read_text().replace(_IMPORT, self.imports + _IMPORT, 1)
        return source.replace(model.signature, signature)

    def installed(self, where: Path) -> str:
        """Install it; why that fails, or nothing."""
        command = [sys.executable, "-m", "pip", "install", "--no-deps", "--target", str(where)]
        done = subprocess.run(
            [*command, *self.packages], capture_output=True, text=True, check=False
        )
        return done.stderr.strip().rpartition("\n")[2] if done.returncode else ""


PEERS = {
    "torchtyc 0.5.0": Peer(
        ("torchtyc==0.5.0", "jaxtyping==0.3.11", "wadler-lindig==0.1.8"),
        ("torchtyc", "check", "--format", "concise"),
        "from jaxtyping import Float\n",
        lambda dims: f'Float[torch.Tensor, "{" ".join(map(str, dims)).lower()}"]',
    ),
    "torchtyc 0.5.0, running the script": Peer(
        ("torchtyc==0.5.0", "jaxtyping==0.3.11", "wadler-lindig==0.1.8"),
        ("torchtyc", "run", "--format", "concise"),
        "",
        lambda dims: "torch.Tensor",
    ),
    "torchshapeflow 0.7.3": Peer(
        ("torchshapeflow==0.7.3",),
        ("tsf", "check"),
        "from typing import Annotated\nfrom torchshapeflow import Shape\n",
        lambda dims: f"Annotated[torch.Tensor, Shape({', '.join(map(repr, dims))})]",
    ),
    "pyrefly 1.4.1 with its torch stubs": Peer(
        ("pyrefly==1.4.1", "pyrefly-torch-stubs==1.4.0", "pyrefly-shape-extensions==1.4.0"),
        ("pyrefly", "check", "--preset=default", "--python-version=3.13"),
        "from shape_extensions import IntVar\nfrom torch import Tensor\n",
        lambda dims: f"Tensor[[{', '.join(map(str, dims))}]]",
        declared="{}: IntVar",
    ),
}  # fmt: skip


def lines(rounds: int) -> Iterator[str]:
    """One row for each linter and model, in imports of torch."""
    yield head("model", "by", "processor time", "memory", "what it says")
    rounds = max(1, rounds // 5)
    with tempfile.TemporaryDirectory() as folder:
        places = {name: Path(folder) / name.replace(" ", "-") for name in PEERS}
        refused = {name: peer.installed(places[name]) for name, peer in PEERS.items()}
        for name, model in MODELS.items():
            own = ("-m", "shapelint", "--no-cache", "--output-format=concise", str(model.path))
            yield row(name, "shapelint", *_measured(python(*own), rounds))
            for way, named in SCRIPTS.items():
                code = SCRIPT.format(way=way, index=list(MODELS).index(name))
                yield row(name, named, *_measured(python("-c", code), rounds))
            for other, peer in PEERS.items():
                if refused[other]:
                    yield row(name, other, "-", "-", f"cannot be installed: {refused[other]}")
                    continue
                path = places[other] / f"{model.path.stem}.py"
                path.write_text(peer.annotated(model))
                yield row(name, other, *_measured(_process(peer, path), rounds))


def _process(peer: Peer, path: Path) -> Process:
    program, *options = peer.command
    where = path.parent
    return Process((str(where / "bin" / program), *options, path.name), where, str(where))


def _measured(process: Process, rounds: int) -> tuple[str, str, str]:
    """Processor time, memory, and the first line about the model."""
    ratio = cost_ratio(process, python("-c", "import torch"), rounds)
    said = [line for line in ratio.output.splitlines() if line and " WARN " not in line]
    first = (said or ["nothing"])[0].replace(f"{process.folder}/", "").strip()
    plain = first.replace("|", "/").replace("`", "'")
    short = plain if len(plain) <= _SAID else f"{plain[:_SAID]} …"
    return f"{ratio.processors:.2g}", f"{ratio.memory:.2g}", f"`{short}`"
