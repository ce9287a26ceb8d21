"""Archives, good and bad ones, as files that a release may name."""

import hashlib
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path


def tar_gz(path: Path, files: Mapping[str, bytes], *odd: tarfile.TarInfo) -> tuple[str, str]:
    """Write the archive and return its URL and its sha256; ``odd`` are members without content."""
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o755
            archive.addfile(member, io.BytesIO(content))
        for member in odd:
            archive.addfile(member)
    return f"file://{path}", hashlib.sha256(path.read_bytes()).hexdigest()


def link_to(target: str) -> tarfile.TarInfo:
    """Return a member that is a symbolic link."""
    member = tarfile.TarInfo("link")
    member.type, member.linkname = tarfile.SYMTYPE, target
    return member


def device() -> tarfile.TarInfo:
    """Return a member that is a device file."""
    member = tarfile.TarInfo("null")
    member.type, member.devmajor, member.devminor = tarfile.CHRTYPE, 1, 3
    return member
