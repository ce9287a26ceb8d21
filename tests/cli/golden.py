"""Golden files: what was seen has to be what was accepted; ``--regolden`` accepts it."""

from pathlib import Path

FOLDER = Path(__file__).with_name("golden")


def require_golden(name: str, seen: str, *, accept: bool) -> None:
    file = FOLDER / name
    if accept:
        file.parent.mkdir(exist_ok=True)
        file.write_text(seen)
    assert file.exists(), f"{file} is not there; run with --regolden and read what it accepts"
    assert seen == file.read_text()
