"""YAML of Kubernetes: read as its own tools read it where that differs from ours, and refused where they disagree."""

import re
from collections.abc import Sequence
from typing import Any

from yaml.nodes import Node, ScalarNode

from reconciler.desired.tree import IMPLICIT, Reading, split
from reconciler.desired.words import Path
from reconciler.model.problem import Problem
from reconciler.ports.kind import InputError, Piece

_OCTAL = re.compile(r"[-+]?0[0-7]+")
_TWO_MEANINGS = re.compile(r"y|Y|n|N|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF")


def pieces(name: str, text: str) -> Sequence[Piece]:
    """Return the documents of a text, those without anything in them left out; raise InputError with file and line."""
    problems: list[Problem] = []
    found = []
    for line, chunk in split(text.removeprefix("\ufeff")):
        data = _Manifest(name, line, problems).data(chunk)
        if data is not None:
            found.append(Piece(name, line + 1 + _blank(chunk), data))
    if problems:
        first = problems[0]
        hint = f" ({first.suggestion})" if first.suggestion else ""
        at = f" ({first.path})" if first.path else ""
        raise InputError("manifests", f"{name}:{first.line}{at}: {first.message}{hint}", file=name, line=first.line)
    return found


def _blank(chunk: str) -> int:
    """How many lines come before the first that says something."""
    lines = chunk.split("\n")
    return next((index for index, line in enumerate(lines) if line.strip() and line[0] not in "-#%"), 0)


class _Manifest(Reading):
    """The reading of one manifest. ``0644`` is a mode there; ``yes`` is true to some tools and text to others."""

    def scalar(self, node: ScalarNode, path: Path) -> Any:
        """Return the value of one scalar."""
        if node.tag == IMPLICIT:
            if _OCTAL.fullmatch(node.value):
                return int(node.value, 8)
            if _TWO_MEANINGS.fullmatch(node.value):
                self.tell(node, path, f"{node.value} is text to some and a truth value to others", "put it in quotes")
        return super().scalar(node, path)

    def marker(self, node: Node, path: Path) -> None:
        """Let it be: a template or a chart has put it there; which secret it is for is looked at later."""
