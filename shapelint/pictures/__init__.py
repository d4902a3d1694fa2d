"""Pictures of a model: one module per format, found by walking this package.

A picture is a plain function from a diagram to the text of a file, registered under the name of the
format, which is also the suffix of such files.
"""

from __future__ import annotations

from collections.abc import Callable

from shapelint.diagram import Diagram
from shapelint.registry import Registry

__all__ = ["PICTURES", "Picture", "picture"]

Picture = Callable[[Diagram], str]

PICTURES: Registry[Picture] = Registry("shapelint.pictures")
"""Every kind of picture, by the name of its format."""

picture = PICTURES.register
