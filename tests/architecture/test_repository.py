"""The lock is complete and true, nothing names a package index, and no link in the documentation is dead."""

import re
import tomllib
from pathlib import Path
from urllib.parse import unquote

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.tracked import ROOT, files

LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(<?([^)\s>]+)>?[^)]*\)")
HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$", re.MULTILINE)
CODE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def test_every_entry_of_the_lock_is_one_version_with_a_hash() -> None:
    entries = _lock_entries()
    assert entries
    for entry in entries:
        assert re.match(r"[A-Za-z0-9._-]+(\[[^\]]*\])?==[^ ;]+( ; .*)? ", entry), entry
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry), entry


def test_the_lock_has_a_fitting_version_of_all_that_the_project_asks_for() -> None:
    locked = {}
    for entry in _lock_entries():
        name, _, rest = entry.partition("==")
        locked[canonicalize_name(name.partition("[")[0])] = rest.split()[0]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = [Requirement(text) for text in project["project"]["dependencies"] + project["dependency-groups"]["dev"]]
    wrong = [
        str(requirement)
        for requirement in asked
        if not requirement.specifier.contains(locked.get(canonicalize_name(requirement.name), "0"), prereleases=True)
    ]
    assert wrong == [], "make lock"


def test_no_file_names_the_address_of_a_package_index() -> None:
    # Put together here, so that this file does not name one either.
    words = ["/sim" + "ple/", "index" + "-url", "extra" + "-index", "find" + "-links"]
    found = [
        f"{path.relative_to(ROOT)}: {word}" for path in files() for word in words if word.encode() in path.read_bytes()
    ]
    assert found == []


def test_every_link_in_the_documentation_leads_somewhere() -> None:
    dead = [
        f"{page.relative_to(ROOT)}: {link}"
        for page in files("*.md")
        for link in LINK.findall(CODE.sub("", page.read_text()))
        if not _resolves(page, link)
    ]
    assert dead == []


def _lock_entries() -> list[str]:
    text = (ROOT / "requirements.lock").read_text().replace("\\\n", " ")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def _resolves(page: Path, link: str) -> bool:
    if re.match(r"[a-z][a-z0-9+.-]*:", link):
        return True  # elsewhere in the world
    target, _, anchor = unquote(link).partition("#")
    path = (page.parent / target).resolve() if target else page
    if not path.exists():
        return False
    return not anchor or path.suffix != ".md" or anchor in _anchors(path)


def _anchors(page: Path) -> set[str]:
    """Return the anchors that a forge gives the headings of a page."""
    headings = HEADING.findall(CODE.sub("", page.read_text()))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
