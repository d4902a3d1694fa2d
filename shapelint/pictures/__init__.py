"""Pictures of a model: one module per format, found by walking this package.

A picture is a plain function from a diagram to the text of a file, registered under the name of the
format, which is also the suffix of such files.
"""

from __future__ import annotations

from collections.abc import Callable

from shapelint.diagram import Diagram, Kind
from shapelint.registry import Registry

Picture = Callable[[Diagram], str]

PICTURES: Registry[Picture] = Registry("shapelint.pictures")
"""Every kind of picture, by the name of its format."""

picture = PICTURES.register

COLORS: dict[Kind, tuple[str, str]] = {
    "down": ("#dbe9ff", "#3b6fb6"),
    "up": ("#e2f3df", "#3f8f3a"),
    "inexact": ("#ffe9cc", "#c77700"),
    "join": ("#f2f2f2", "#777777"),
    "failure": ("#ffdcdc", "#c02020"),
}
"""Fill and outline of the boxes that are not plain, the same in every picture."""
