"""Values as a unit file of systemd has to write them, so that it reads what was meant."""

from collections.abc import Iterable

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def word(text: str) -> str:
    """Return one quoted word: no specifier, no variable and no quote in it means anything to systemd any more."""
    return quoted(text).replace("$", "$$")


def quoted(text: str) -> str:
    """Return one quoted word for a setting in which ``$`` means nothing, such as ``Environment=``."""
    escaped = "".join(
        _ESCAPES.get(char, char if char.isprintable() or ord(char) > 159 else _hex(char)) for char in text
    )
    return '"' + escaped.replace("%", "%%") + '"'


def _hex(char: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in char.encode())


def section(name: str, lines: Iterable[tuple[str, str | None]]) -> str:
    """Return a section with the settings that have a value."""
    return f"[{name}]\n" + "".join(f"{key}={value}\n" for key, value in lines if value is not None)
