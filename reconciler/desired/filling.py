"""The texts of a resource in a document, rendered in place."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.desired.templates import TemplateMistake, Templates, Variables, is_template
from reconciler.desired.tree import Document
from reconciler.desired.words import Path
from reconciler.model.problem import Problem


@dataclass(frozen=True, slots=True)
class Filling:
    """Fills in what is written. ``secrets`` may stand in texts as ``secrets.NAME``, which become markers.

    ``mistaken`` collects what is wrong.
    """

    templates: Templates
    document: Document
    variables: Variables
    secrets: frozenset[str] = frozenset()
    mistaken: list[Problem] = field(default_factory=list)

    def of(self, value: Any, at: Path) -> Any:
        """Return the value with all its texts rendered; ``at`` is its place in the document."""
        if isinstance(value, Mapping):
            return {key: self.of(each, (*at, key)) for key, each in value.items()}
        if isinstance(value, list):
            return [self.of(each, (*at, index)) for index, each in enumerate(value)]
        if not isinstance(value, str) or not is_template(value):
            return value
        try:
            return self.templates.render(value, self.variables, self.secrets).text
        except TemplateMistake as mistake:
            line = f"line {mistake.line} of the text: " if "\n" in value.rstrip("\n") and mistake.line else ""
            self.mistaken.append(self.document.problem(at, f"{line}{mistake}", mistake.suggestion))
            return value
