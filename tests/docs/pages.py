"""The pages of the documentation, and the code blocks in them that are examples.

What stands behind the language of a block says what it is: the path of a file of the page's example repository
(``desired-state/...``, ``policies/...``), ``resources`` or ``health`` of an App, or ``settings``.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from tests.architecture.tracked import ROOT, files

_BLOCK = re.compile(r"^```(\w*)[ \t]*(\S*)[^\n]*\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A code block; ``what`` is the word behind its language, ``line`` where it starts in the page."""

    page: str
    line: int
    language: str
    what: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def is_file(self) -> bool:
        return self.what.startswith(("desired-state/", "policies/"))


def blocks() -> list[Block]:
    """Return every code block of every page of the project."""
    return [block for page in files("*.md") for block in _blocks(page)]


def page(name: str) -> str:
    """Return the text of a page under docs/."""
    return (ROOT / "docs" / name).read_text()


def section(text: str, heading: str) -> str:
    """Return what stands under a heading, to the next heading of the same depth or a lesser one."""
    depth = len(heading) - len(heading.lstrip("#"))
    assert f"\n{heading}\n" in text, f"there is no heading {heading!r}"
    rest = text.split(f"\n{heading}\n", 1)[1]
    return re.split(rf"^#{{1,{depth}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def _blocks(path: Path) -> list[Block]:
    text = path.read_text()
    name = str(path.relative_to(ROOT))
    return [
        Block(name, text.count("\n", 0, match.start()) + 1, match[1], match[2], match[3])
        for match in _BLOCK.finditer(text)
    ]
