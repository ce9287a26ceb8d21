"""The demo's Git repository: the project's own ``desired-state/`` and ``policies/``, on hosts that are really there."""

import gzip
import hashlib
import io
import shutil
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

EXAMPLES = Path(__file__).parents[2]
SHOP = Path("desired-state/apps/shop.yaml")
RELEASES = Path("desired-state/apps/releases")

HEALTHY = """\
#!/bin/sh
# Healthy when the configuration names at least one worker.
exec grep -Eq '^workers = [1-9]' "$HOME/shop/etc/shop.toml"
"""

SHORT_OF_CONNECTIONS = """\
#!/bin/sh
# Every worker needs a database connection, and this version opens two of them.
workers=$(sed -n 's/^workers = //p' "$HOME/shop/etc/shop.toml")
[ "$workers" -le 2 ] && exit 0
echo "$workers workers, but only 2 database connections" >&2
exit 1
"""


def lay_out(folder: Path, hosts: Mapping[str, Mapping[str, Any]]) -> None:
    """Write the examples into the folder; ``hosts`` says by name where each host of them really is.

    Left out are those of an API that is not there.
    """
    for name in ("desired-state", "policies"):
        shutil.copytree(EXAMPLES / name, folder / name, ignore=shutil.ignore_patterns("flags"))
    for file in sorted((folder / "desired-state/hosts").glob("*.yaml")):
        documents = [_placed(document, hosts) for document in yaml.safe_load_all(file.read_text())]
        file.write_text(yaml.safe_dump_all(documents, sort_keys=False))


def host_names() -> list[str]:
    """Return the names of the hosts in the examples."""
    files = sorted((EXAMPLES / "desired-state/hosts").glob("*.yaml"))
    return [document["metadata"]["name"] for file in files for document in yaml.safe_load_all(file.read_text())]


def release(folder: Path, version: str, health: str) -> None:
    """Put a release of the shop into the folder, and make the shop's document ask for it."""
    archive = _archive({"bin/health": (health, 0o755), "VERSION": (f"{version}\n", 0o644)})
    (folder / RELEASES / f"shop-{version}.tar.gz").write_bytes(archive)
    spec = yaml.safe_load((folder / SHOP).read_text())["spec"]
    edit(folder / SHOP, f'version: "{spec["version"]}"', f'version: "{version}"')
    edit(folder / SHOP, spec["vars"]["sha256"], hashlib.sha256(archive).hexdigest())


def edit(file: Path, old: str, new: str) -> None:
    """Replace a text that stands in the file once."""
    text = file.read_text()
    assert text.count(old) == 1, f"{old!r} is in {file.name} {text.count(old)} times, not once"
    file.write_text(text.replace(old, new))


def _placed(document: dict[str, Any], hosts: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    real = hosts[document["metadata"]["name"]]
    return {
        **document,
        "spec": {**document["spec"], **{key: real[key] for key in ("address", "port", "user", "hostKey")}},
    }


def _archive(files: Mapping[str, tuple[str, int]]) -> bytes:
    """Return a tar.gz that is the same bytes wherever and whenever it is made."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, (text, mode) in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(text), mode
            tar.addfile(entry, io.BytesIO(text.encode()))
    return gzip.compress(plain.getvalue(), mtime=0)
