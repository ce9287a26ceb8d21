"""The job: on every host one directory, twenty files of about 4 KiB rendered from templates, one link."""

import hashlib
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import jinja2

FILES = tuple(f"part-{number:02}.conf" for number in range(20))
MODE = 0o640
FOLDER, FOLDER_MODE = "app", 0o755
LINK, TO = "current.conf", FILES[0]
_LINES = 62


def template(name: str, host: str) -> str:
    """Return the template of a file; ``host`` is the Jinja expression by which a tool names the host at hand."""
    lines = [f"# {name} of {{{{ {host} }}}}, made from a template"]
    for number in range(_LINES):
        text = hashlib.sha256(f"{name}/{number}".encode()).hexdigest()[:48]
        lines.append(f"setting_{number:02} = {text}{{{{ {number} * 2 }}}}")
    return "\n".join(lines) + "\n"


def rendered(host: str) -> Iterator[tuple[str, bytes]]:
    """Yield names and contents of a host's files, as a bare script would render them."""
    for name, ready in _TEMPLATES.items():
        yield name, ready.render(host=host).encode()


_ENVIRONMENT = jinja2.Environment(keep_trailing_newline=True, autoescape=False)
_TEMPLATES = {name: _ENVIRONMENT.from_string(template(name, "host")) for name in FILES}


def wrong(root: Path, host: str) -> list[str]:
    """Return what is not as the job asks for in a host's folder, read from the disk; nothing when all is right."""
    folder = root / FOLDER
    if not folder.is_dir():
        return [f"{folder} is not there"]
    found = [f"{folder} has the mode {_mode(folder):o}"] if _mode(folder) != FOLDER_MODE else []
    for name, content in rendered(host):
        path = folder / name
        if not path.is_file() or path.read_bytes() != content:
            found.append(f"{path} is not as it shall be")
        elif _mode(path) != MODE:
            found.append(f"{path} has the mode {_mode(path):o}")
    link = folder / LINK
    if not link.is_symlink() or str(link.readlink()) != TO:
        found.append(f"{link} is not the link it shall be")
    extra = {each.name for each in folder.iterdir()} - {*FILES, LINK}
    return found + [f"{folder / name} was left behind" for name in sorted(extra)]


def forget(root: Path) -> None:
    """Make a host's folder empty."""
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)


def drift(root: Path) -> None:
    """Change one file behind everybody's back."""
    path = root / FOLDER / FILES[7]
    path.write_bytes(b"somebody was here\n")


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
