"""A mistake in a document, told to the person who must mend it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Problem:
    """Where, what, and what was expected. ``line`` and ``column`` count from 1; 0 where there is none."""

    file: str
    line: int = 0
    column: int = 0
    path: str = ""
    message: str
    suggestion: str | None = None

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        at = f" {self.path}:" if self.path else ""
        hint = f" ({self.suggestion})" if self.suggestion else ""
        return f"{place}:{at} {self.message}{hint}"
