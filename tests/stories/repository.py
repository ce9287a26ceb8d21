"""The repositories that stories start from: folders under ``repositories/``.

A folder whose name ends in ``.zip`` becomes that archive, and ``<sha256 NAME>`` in a text the digest of the file.
"""

import hashlib
import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(__file__).with_name("repositories")
_SHA256 = re.compile("<sha256 ([^>]+)>")


def lay_out(name: str, folder: Path) -> None:
    """Write the repository's files into the folder."""
    root = FOLDER / name
    archives = sorted(path for path in root.rglob("*.zip") if path.is_dir())
    plain = sorted(path for path in root.rglob("*") if path.is_file() and not set(archives).intersection(path.parents))
    for path in archives:
        write(folder, str(path.relative_to(root)), _archive(path))
    for path in plain:
        write(folder, str(path.relative_to(root)), with_digests(path.read_text(), folder).encode())


def write(folder: Path, name: str, content: bytes) -> None:
    """Write a file, and the folders above it."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def with_digests(text: str, folder: Path) -> str:
    """Return the text with digests put in; FileNotFoundError when it asks for that of a file that is not there."""
    return _SHA256.sub(lambda found: hashlib.sha256((folder / found[1]).read_bytes()).hexdigest(), text)


def edited(text: str, words: Mapping[str, str], folder: Path) -> str:
    """Return the text with words replaced, each of which must be there once."""
    for old, new in ((with_digests(old, folder), with_digests(new, folder)) for old, new in words.items()):
        assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times, not once:\n{text}"
        text = text.replace(old, new)
    return text


def _archive(folder: Path) -> bytes:
    """Return a zip that is the same bytes wherever it is made; scripts in it can be run."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            content = path.read_bytes()
            member = zipfile.ZipInfo(str(path.relative_to(folder)))
            member.create_system = 3
            member.external_attr = (0o755 if content.startswith(b"#!") else 0o644) << 16
            archive.writestr(member, content)
    return buffer.getvalue()
